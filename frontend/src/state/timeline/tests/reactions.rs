//! Reactions, as rows show them.

use shared::entry::{Reacted, What};

use super::*;

/// A reaction of somebody to the message at a position.
fn reacted(n: u64, name: &str, to: u64, emoji: &str, on: bool) -> Entry {
    let what = What::Reacted(Reacted { to: position(to), emoji: emoji.parse().unwrap(), on });
    Entry { what, ..said(n, name, 0).into() }
}

#[test]
fn reactions_stand_on_their_message_by_person_and_kind() {
    let mut timeline = Timeline::default();
    timeline.joined(joined(run(1..=2), position(2), false, false), Some(&user("ana")));
    for entry in [
        reacted(3, "bo", 1, "👍", true),
        reacted(4, "ana", 1, "👍", true),
        reacted(5, "bo", 1, "👍", true),
        reacted(6, "cy", 1, "🎉", true),
        reacted(7, "cy", 2, "🎉", true),
        reacted(8, "cy", 2, "🎉", false),
        reacted(9, "cy", 77, "🎉", true),
    ] {
        assert_eq!(timeline.arrived(entry, Some(&user("ana")), true), Arrival::New);
    }
    let shown: Vec<Vec<(String, usize, bool)>> = rows(&timeline)
        .into_iter()
        .filter_map(|(_, row)| if let Row::Message(row) = row { Some(row.reactions) } else { None })
        .map(|all| all.into_iter().map(|it| (it.emoji.to_string(), it.count, it.own)).collect())
        .collect();
    let first = vec![("👍".to_owned(), 2, true), ("🎉".to_owned(), 1, false)];
    assert_eq!(shown, [first, vec![]]);
    assert_eq!(timeline.head(), Some(&position(9)), "reactions move the end of the room");
}
