//! No body costs more than its share: steps are counted, not time.

use proptest::prelude::*;
use shared::limits::BODY_BYTES;

use super::super::{
    Block, Markup, Piece,
    budget::{Budget, ELEMENTS, STEPS},
    plain, read, read_within, visible,
};

/// Passes that the reader may make over a body: about ten for each of five levels of emphasis.
const PASSES: usize = 52;

/// Text nodes and elements that a body became.
fn nodes(pieces: &[Piece]) -> usize {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Strong(inside) | Piece::Emphasis(inside) => 1 + nodes(inside),
            Piece::Text(_) | Piece::Code(_) | Piece::Link { .. } | Piece::Mark(_) => 1,
        })
        .sum()
}

fn all_nodes(markup: &Markup) -> usize {
    let block = |block: &Block| match block {
        Block::Text(pieces) => 1 + nodes(pieces),
        Block::Code { .. } => 5,
    };
    markup.blocks.iter().map(block).sum()
}

/// Reads a body and fails if that took more than a linear number of steps, or became too much.
fn check(body: &str) {
    let mut budget = Budget::default();
    let read_in_budget = read_within(body, &mut budget);
    let steps = budget.steps_taken();
    assert!(steps <= PASSES * body.len(), "{steps} steps for {} bytes: {:.80?}", body.len(), body);
    let markup = read(body);
    // Each element with a text in it and a text behind it.
    assert!(all_nodes(&markup) <= 3 * ELEMENTS + 1, "{} nodes: {body:.80?}", all_nodes(&markup));
    if read_in_budget.is_err() {
        assert_eq!(markup, plain(body));
    }
}

/// Long enough for a quadratic reader to take 80 times the steps that it may.
const LENGTH: usize = BODY_BYTES / 4;

const PREFIXES: [&str; 12] =
    ["", "*", "_a *b ", "`", "``", "```\n", "http://a", "mailto:", "(", "\u{202e}", "a@", "mailto:a@b"];

const UNITS: [&str; 36] = [
    ")",
    "(",
    "]",
    "}",
    ".",
    "*",
    "_",
    "`",
    " ",
    "\n",
    "\r\n",
    "a",
    "@",
    "\u{202e}",
    "\u{202e}a",
    "\u{202e}\u{7}",
    "*a ",
    "*a* ",
    "_a *b ",
    "*_",
    "**a* ",
    "`a` ",
    "`` ` ",
    "```\n",
    "```\na\n```\n",
    "mailto:",
    "mailto:a@b ",
    "mailto:a@",
    "mailto:@",
    "http://",
    "http://a ",
    "http://a)",
    "https://a*_",
    "[*`_https://",
    "h",
    "\u{1f64b}",
];

const SUFFIXES: [&str; 8] = ["", ")", "*", "_ ", "`", "@b", " mailto:a@b", "\n```"];

#[test]
fn products_of_hostile_parts_cost_little() {
    for prefix in PREFIXES {
        for unit in UNITS {
            for suffix in SUFFIXES {
                let room = LENGTH - prefix.len() - suffix.len();
                check(&[prefix, &unit.repeat(room / unit.len()), suffix].concat());
            }
        }
    }
}

#[test]
fn pairs_of_hostile_parts_cost_little() {
    for first in UNITS {
        for second in UNITS {
            let half = |unit: &str| unit.repeat(LENGTH / 2 / unit.len());
            check(&[half(first), half(second)].concat());
        }
    }
}

#[test]
fn backticks_of_every_length_cost_little() {
    let body: String = (1..175).map(|length| "`".repeat(length) + " ").collect();
    check(&body);
}

#[test]
fn the_largest_body_is_within_the_steps() {
    // If not, a long honest message would lose its links.
    const { assert!(PASSES * BODY_BYTES < STEPS) }
}

#[test]
fn too_many_elements_become_plain_text() {
    let body = "*a* https://a.example \u{202e}".repeat(200);
    let [Block::Text(pieces)] = &read(&body).blocks[..] else { panic!("one block") };
    assert_eq!(pieces, &[Piece::Text(visible(&body))]);
    let few = "*a* https://a.example \u{202e}".repeat(50);
    let [Block::Text(pieces)] = &read(&few).blocks[..] else { panic!("one block") };
    assert_eq!(pieces.len(), 50 * 5);
}

#[test]
fn a_run_of_marks_is_one_mark() {
    let body = "\u{202e}".repeat(BODY_BYTES / 3);
    let [Block::Text(pieces)] = &read(&body).blocks[..] else { panic!("one block") };
    assert_eq!(pieces, &[Piece::Mark("U+202E ×5461".to_owned())]);
}

#[test]
fn names_and_rooms_grow_by_a_bounded_factor() {
    for first in UNITS {
        for second in UNITS {
            let name = [first, second].concat().repeat(64);
            // The worst is a hidden character of one byte between others: `[U+0007]`.
            assert!(visible(&name).len() <= 8 * name.len(), "{name:?}");
        }
    }
}

#[test]
fn links_are_bounded() {
    let link = |length: usize| "https://a.example/".to_owned() + &"x".repeat(length - 18);
    for (length, is_link) in [(2048, true), (2049, false)] {
        let body = link(length);
        let [Block::Text(pieces)] = &read(&body).blocks[..] else { panic!("one block") };
        assert_eq!(matches!(pieces[..], [Piece::Link { .. }]), is_link, "{length}");
    }
}

proptest! {
    #[test]
    fn any_mixture_of_hostile_parts_costs_little(
        parts in prop::collection::vec((prop::sample::select(&UNITS[..]), 1_usize..400), 1..40)
    ) {
        let mut body = String::new();
        for (unit, times) in parts {
            let room = (LENGTH - body.len()) / unit.len();
            body.push_str(&unit.repeat(times.min(room)));
        }
        check(&body);
    }
}
