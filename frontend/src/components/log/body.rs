//! The body of a message as elements. Text becomes text nodes: the browser never parses text of a message.

use leptos::prelude::*;
use shared::text::Body;

use crate::{
    browser::address,
    components::{copy::copy, toast::Toasts},
    markup::{Block, Piece, read},
};

/// The body of a message. `id` is the id of the element, for the label of its row.
pub(super) fn body(body: &Body, id: String, toasts: Toasts) -> AnyView {
    let read = read(body.as_str());
    match <[Block; 1]>::try_from(read.blocks) {
        Ok([Block::Text(line)]) => view! {
            <p class="body" class:jumbo=read.jumbo id=id dir="auto">{pieces(line)}</p>
        }
        .into_any(),
        Ok([code]) => view! { <div class="body" id=id dir="auto">{block(code, toasts)}</div> }.into_any(),
        Err(blocks) => {
            let blocks: Vec<_> = blocks.into_iter().map(|one| block(one, toasts)).collect();
            view! { <div class="body" id=id dir="auto">{blocks}</div> }.into_any()
        }
    }
}

fn block(block: Block, toasts: Toasts) -> AnyView {
    match block {
        Block::Text(line) => view! { <p>{pieces(line)}</p> }.into_any(),
        Block::Code { language, code } => {
            let copied = code.clone();
            let named = !language.is_empty();
            view! {
                <figure class="code">
                    {named.then(|| view! { <figcaption class="meta">{language}</figcaption> })}
                    <button
                        class="btn small"
                        type="button"
                        tabindex="-1"
                        on:click=move |_| copy(copied.clone(), toasts)
                    >
                        "Copy"
                    </button>
                    <pre dir="ltr"><code>{code}</code></pre>
                </figure>
            }
            .into_any()
        }
    }
}

fn pieces(line: Vec<Piece>) -> Vec<AnyView> {
    line.into_iter().map(piece).collect()
}

fn piece(piece: Piece) -> AnyView {
    match piece {
        Piece::Text(text) => text.into_any(),
        Piece::Code(code) => view! { <code>{code}</code> }.into_any(),
        Piece::Strong(inner) => view! { <strong>{pieces(inner)}</strong> }.into_any(),
        Piece::Emphasis(inner) => view! { <em>{pieces(inner)}</em> }.into_any(),
        Piece::Link { href, text, deceptive: false } => link(href, text).into_any(),
        Piece::Link { href, text, deceptive: true } => match address::host(&href) {
            Some(host) => view! {
                {link(href, text)}
                " "
                <span class="tag meta" title="Where this link leads">{host}</span>
            }
            .into_any(),
            None => text.into_any(),
        },
        Piece::Mark(label) => view! {
            <span class="tag meta" title="Characters that cannot be seen">{label}</span>
        }
        .into_any(),
    }
}

fn link(href: String, text: String) -> impl IntoView {
    view! { <a href=href target="_blank" rel="noopener noreferrer" tabindex="-1">{text}</a> }
}
