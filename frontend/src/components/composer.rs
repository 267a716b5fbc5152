//! The field for a new message. It is never disabled: without a connection, messages are queued.

use leptos::{html, prelude::*};
use web_sys::{HtmlTextAreaElement, KeyboardEvent, SubmitEvent};

use super::{
    format::sentence,
    icon::{icon, small},
    keys,
    toast::Toasts,
};
use crate::{
    markup::visible,
    net::machine::Status,
    state::{Chat, RoomHandle},
};

/// The key code of a key press that an input method handles.
const TAKEN: u32 = 229;

/// The composer of one room.
#[component]
pub fn Composer(
    /// The room.
    room: RoomHandle,
) -> impl IntoView {
    let chat = expect_context::<Chat>();
    let toasts = expect_context::<Toasts>();
    let name = visible(room.room().as_str());
    let draft = room.draft.clone();
    let field = NodeRef::<html::Textarea>::new();
    let live = Memo::new(move |_| chat.link().with(|link| link.status == Status::Live));
    let touch = keys::touch();

    Effect::new(move |_| {
        let draft = draft.get();
        let Some(field) = field.get() else { return };
        // Setting the value that is there already would disturb an input method.
        if field.value() != draft {
            field.set_value(&draft);
        }
        grow(&field);
    });
    Effect::new(move |_| {
        if let Some(field) = field.get()
            && !touch
        {
            drop(field.focus());
        }
    });
    let send = move || {
        let Some(field) = field.get_untracked() else { return };
        if let Err(invalid) = chat.send(&field.value()) {
            toasts.show(&sentence(&invalid.to_string()));
        }
        drop(field.focus());
    };
    let key = move |event: KeyboardEvent| {
        if sends(&event, touch) {
            event.prevent_default();
            send();
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
    };
    let label = format!("Message {name}");
    view! {
        <form class="composer measure" aria-label="Write a message" on:submit=submit>
            <div class="field">
                <div class="write row">
                    <label class="vh" for="draft">{label.clone()}</label>
                    <textarea
                        id="draft"
                        rows="1"
                        dir="auto"
                        enterkeyhint=if touch { "enter" } else { "send" }
                        autocomplete="off"
                        placeholder=label
                        node_ref=field
                        on:keydown=key
                        on:input:target=move |event| chat.set_draft(&event.target().value())
                    ></textarea>
                    {move || Some(if live.get() {
                        view! { <button class="btn icon send" type="submit" aria-label="Send">{icon("send", "i")}</button> }.into_any()
                    } else {
                        view! { <button class="btn send" type="submit">{small("clock")} " Queue"</button> }.into_any()
                    })}
                </div>
            </div>
        </form>
    }
}

/// Whether a key press sends the message. Enter sends, Shift+Enter starts a line, Ctrl+Enter and Cmd+Enter always
/// send. On a touch screen Enter starts a line. Enter that ends a word of an input method never sends.
fn sends(event: &KeyboardEvent, touch: bool) -> bool {
    let composing = event.is_composing() || event.key_code() == TAKEN;
    let always = event.ctrl_key() || event.meta_key();
    event.key() == "Enter" && !composing && !event.shift_key() && !event.alt_key() && (always || !touch)
}

/// Makes the field as high as its text, in browsers that cannot do so by style.
fn grow(field: &HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(field);
    if js_sys::Reflect::has(&style, &"fieldSizing".into()).unwrap_or(false) {
        return;
    }
    // Browsers ignore values that they do not know.
    drop(style.set_property("height", "auto"));
    drop(style.set_property("height", &format!("{}px", field.scroll_height())));
}
