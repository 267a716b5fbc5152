//! The footer of the room list: the person at this page, with their menu and its dialogs.

use leptos::prelude::*;

use super::{
    avatar::{Size, avatar},
    diagnostics::ConnectionStatus,
    dialog::Dialog,
    format::sentence,
    menu::{Item, Menu},
    theme::Theme,
    toast::Toasts,
};
use crate::{markup::visible, net::machine::Status, state::Chat};

/// The footer, with the menu and its two dialogs.
#[component]
pub fn PersonFooter() -> impl IntoView {
    let chat = expect_context::<Chat>();
    let (renaming, forgetting) = (RwSignal::new(false), RwSignal::new(false));
    let button = ViewFn::from(move || you(chat));
    view! {
        <footer class="row">
            <Menu class="item" place="holder over grow" label="You" worded=true button=button>
                <Item icon="edit" label="Change name" choose=Callback::new(move |()| renaming.set(true))/>
                <Item icon="trash" label="Forget me" danger=true choose=Callback::new(move |()| forgetting.set(true))/>
                <Theme/>
            </Menu>
            <ConnectionStatus/>
        </footer>
        <Rename open=renaming/>
        <Forget open=forgetting/>
    }
}

fn you(chat: Chat) -> impl IntoView {
    let (me, link) = (chat.me(), chat.link());
    let name = move || me.with(|me| me.as_ref().map(|me| visible(me.name.as_str())).unwrap_or_default());
    let presence = move || link.with(|link| if link.status == Status::Live { "here" } else { "unsure" });
    view! {
        {move || Some(avatar(Size::Small, "me", &name(), Some(presence())))}
        <span class="cut"><span class="vh">"You: "</span>{name}</span>
    }
}

#[component]
fn Rename(open: RwSignal<bool>) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let wrong = RwSignal::new(None::<String>);
    let name = RwSignal::new(String::new());
    Effect::new(move |_| {
        if open.get() {
            let now = chat.me().with_untracked(|me| me.as_ref().map(|me| me.name.as_str().to_owned()));
            name.set(now.unwrap_or_default());
            wrong.set(None);
        }
    });
    let rename = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        match chat.rename(&name.get_untracked()) {
            Ok(()) => open.set(false),
            Err(invalid) => wrong.set(Some(sentence(&invalid.to_string()))),
        }
    };
    view! {
        <Dialog open=open id="rename" title="Change your name">
            <form on:submit=rename>
                <label for="new-name">"Name"</label>
                <input
                    class="field"
                    id="new-name"
                    autocomplete="nickname"
                    aria-describedby="new-name-help"
                    prop:value=move || name.get()
                    on:input:target=move |event| name.set(event.target().value())
                />
                <p class="note" id="new-name-help">
                    {move || wrong.get().unwrap_or_else(|| "What you said before keeps the name it was said under.".into())}
                </p>
                <footer class="row">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button class="btn strong" type="submit">"Change name"</button>
                </footer>
            </form>
        </Dialog>
    }
}

#[component]
fn Forget(open: RwSignal<bool>) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let toasts = expect_context::<Toasts>();
    let forget = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        open.set(false);
        if chat.link().with_untracked(|link| link.status == Status::Live) {
            chat.forget_me();
        } else {
            toasts.show("Nobody is there to forget you. Try again when you’re back online.");
        }
    };
    view! {
        <Dialog open=open id="forget" title="Forget this identity?">
            <form on:submit=forget>
                <p>"You become a new guest, on every device that knows you. What you said stays, and is no longer yours."</p>
                <footer class="row">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button class="btn strong" type="submit">"Forget me"</button>
                </footer>
            </form>
        </Dialog>
    }
}
