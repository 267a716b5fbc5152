//! The one line about the connection above the log.

use leptos::prelude::*;

use super::icon::small;
use crate::state::{Banner as Line, Chat};

/// Shown while the state has a banner. The state announces it to screen readers by itself.
#[component]
pub fn Banner() -> impl IntoView {
    let chat = expect_context::<Chat>();
    let shown = chat.banner();
    move || shown.get().map(|shown| line(chat, &shown))
}

/// One banner.
pub fn line(chat: Chat, line: &Line) -> impl IntoView + use<> {
    let (icon, text, button) = words(line);
    view! {
        <div class="banner row">
            {icon.map(small)}
            " "
            {text}
            {button
                .map(|label| {
                    view! { <button class="btn small" type="button" on:click=move |_| chat.try_now()>{label}</button> }
                })}
        </div>
    }
}

/// The icon, the sentence and the button of a banner.
fn words(line: &Line) -> (Option<&'static str>, String, Option<&'static str>) {
    match line {
        Line::Reconnecting { seconds: Some(seconds) } => {
            (Some("clock"), format!("Reconnecting… next try in {seconds} s"), Some("Try now"))
        }
        Line::Reconnecting { seconds: None } => (Some("clock"), "Reconnecting…".into(), None),
        Line::Offline => {
            (Some("offline"), "You’re offline. Messages will be sent when you’re back.".into(), None)
        }
        Line::Back { missed: 0 } => (None, "Back online".into(), None),
        Line::Back { missed: 1 } => (None, "Back online. 1 missed message loaded.".into(), None),
        Line::Back { missed } => (None, format!("Back online. {missed} missed messages loaded."), None),
        Line::Delayed => {
            (Some("clock"), "Messages are delayed. Yours are kept and will be sent.".into(), None)
        }
        Line::Ended => (Some("alert"), "The server ended this session.".into(), Some("Connect")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_banner_is_a_sentence_and_a_way_on() {
        for (line, text, button) in [
            (Line::Reconnecting { seconds: Some(4) }, "Reconnecting… next try in 4 s", Some("Try now")),
            (Line::Reconnecting { seconds: None }, "Reconnecting…", None),
            (Line::Offline, "You’re offline. Messages will be sent when you’re back.", None),
            (Line::Back { missed: 0 }, "Back online", None),
            (Line::Back { missed: 1 }, "Back online. 1 missed message loaded.", None),
            (Line::Back { missed: 12 }, "Back online. 12 missed messages loaded.", None),
            (Line::Delayed, "Messages are delayed. Yours are kept and will be sent.", None),
            (Line::Ended, "The server ended this session.", Some("Connect")),
        ] {
            let (_, said, pressed) = words(&line);
            assert_eq!((said.as_str(), pressed), (text, button));
        }
    }
}
