//! The first visit: asks for a name and leads to the room of the address.

use leptos::{html, prelude::*};

use super::{
    avatar::{Size, avatar},
    format::sentence,
    icon::logo,
    keys,
};
use crate::{markup::visible, route, state::Chat};

/// The note on a first visit.
const FIRST: &str = "No account, no e-mail. Change it any time.";

/// The note after *Forget me* on another page.
const FORGOTTEN: &str = "You asked to be forgotten on another page, so you’re a new guest here, too.";

/// The form for the name.
#[component]
pub fn SignIn(
    /// What somebody typed into the field of the shell.
    typed: String,
) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let name = RwSignal::new(typed);
    let wrong = RwSignal::new(None::<String>);
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get()
            && !keys::touch()
        {
            drop(field.focus());
        }
    });
    let join = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        wrong.set(chat.set_name(&name.get_untracked()).err().map(|invalid| sentence(&invalid.to_string())));
    };
    view! {
        <div class="sign-in">
            <main class="float">
                {logo()}
                <h1>"What should we call you?"</h1>
                <p class="note">{move || if chat.forgotten().get() { FORGOTTEN } else { FIRST }.to_owned()}</p>
                <form on:submit=join>
                    <label class="vh" for="name">"Your name"</label>
                    <div class="row">
                        {move || Some(avatar(Size::Log, if name.with(|name| name.trim().is_empty()) { "none" } else { "me" }, &name.get(), None))}
                        <input
                            class="field"
                            id="name"
                            name="name"
                            autocomplete="nickname"
                            autocapitalize="words"
                            enterkeyhint="go"
                            placeholder="Your name"
                            required
                            aria-describedby="name-wrong"
                            aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                            node_ref=field
                            prop:value=move || name.get()
                            on:input:target=move |event| {
                                wrong.set(None);
                                name.set(event.target().value());
                            }
                        />
                    </div>
                    <p class="note danger" id="name-wrong" role="alert" hidden=move || wrong.with(Option::is_none)>{move || wrong.get().unwrap_or_default()}</p>
                    <button class="btn strong" type="submit">"Join " {destination()}</button>
                </form>
            </main>
        </div>
    }
}

/// The room that the address names.
fn destination() -> String {
    let location = window().location();
    let address = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    route::room(&address).map_or_else(|| route::FIRST_ROOM.to_owned(), |room| visible(room.as_str()))
}
