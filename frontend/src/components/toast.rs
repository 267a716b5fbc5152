//! One short sentence over the log that goes away by itself: copied, too long.

use std::time::Duration;

use leptos::prelude::*;

use crate::state::Chat;

/// Long enough to read a sentence twice.
const SHOWN: Duration = Duration::from_secs(5);

/// The handle that components show toasts through; found in the context.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Option<(u64, String)>>,
    chat: Chat,
}

impl Toasts {
    /// No toast. Whatever is shown later is also said to people who listen.
    pub fn new(chat: Chat) -> Self {
        Self { shown: RwSignal::new(None), chat }
    }

    /// Shows and says a sentence.
    pub fn show(self, text: &str) {
        self.chat.announce(text);
        let number = self.shown.with_untracked(|shown| shown.as_ref().map_or(0, |(number, _)| number + 1));
        self.shown.set(Some((number, text.to_owned())));
        let over = move || {
            // A newer one has its own time.
            let same =
                |shown: &Option<(u64, String)>| shown.as_ref().is_some_and(|(shown, _)| *shown == number);
            if self.shown.try_with_untracked(same) == Some(true) {
                self.shown.set(None);
            }
        };
        set_timeout(over, SHOWN);
    }
}

/// Where it is shown, inside the stage.
#[component]
pub fn Toast() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    move || toasts.shown.get().map(|(_, text)| view! { <div class="toast pill row">{text}</div> })
}
