//! A short sentence over the log that goes away by itself, such as "Copied".

use std::time::Duration;

use leptos::prelude::*;

use crate::state::Chat;

/// How long a toast is shown: long enough to read it twice.
const SHOWN: Duration = Duration::from_secs(5);

/// The handle that components show toasts through; found in the context.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Option<(u64, String)>>,
    chat: Chat,
}

impl Toasts {
    /// Starts without a toast. Each toast is also announced to screen readers.
    pub fn new(chat: Chat) -> Self {
        Self { shown: RwSignal::new(None), chat }
    }

    /// Shows a sentence and announces it.
    pub fn show(self, text: &str) {
        self.chat.announce(text);
        let number = self.shown.with_untracked(|shown| shown.as_ref().map_or(0, |(number, _)| number + 1));
        self.shown.set(Some((number, text.to_owned())));
        let over = move || {
            // A newer toast has its own timeout.
            let same =
                |shown: &Option<(u64, String)>| shown.as_ref().is_some_and(|(shown, _)| *shown == number);
            if self.shown.try_with_untracked(same) == Some(true) {
                self.shown.set(None);
            }
        };
        set_timeout(over, SHOWN);
    }
}

/// The toast that is shown now.
#[component]
pub fn Toast() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    move || toasts.shown.get().map(|(_, text)| view! { <div class="toast pill row">{text}</div> })
}
