//! The root of the view.

use leptos::{either::Either, prelude::*};

use crate::{
    components::{
        announcer::Announcer, chat_page::ChatPage, keys, layout::LayoutContext, shell, sign_in::SignIn,
        toast::Toasts,
    },
    state::Chat,
};

/// The whole page: the first visit asks for a name, then the rooms are shown.
#[component]
pub fn App() -> impl IntoView {
    let chat = expect_context::<Chat>();
    provide_context(Toasts::new(chat));
    keys::listen(LayoutContext::provide(chat));
    let typed = shell::take_over();
    let named = Memo::new(move |_| chat.me().with(Option::is_some));
    let unwritten = chat
        .current()
        .with_untracked(|room| room.as_ref().is_some_and(|room| room.draft.with_untracked(String::is_empty)));
    if unwritten && !typed.draft.is_empty() {
        chat.set_draft(&typed.draft);
    }
    view! {
        {move || if named.get() {
            Either::Left(view! { <ChatPage/> })
        } else {
            Either::Right(view! { <SignIn typed=typed.name.clone()/> })
        }}
        <Announcer/>
    }
}
