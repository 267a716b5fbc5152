//! Messages that are not loaded, and loading them.

use super::*;
use crate::state::timeline::rows::{Break, Row};

#[test]
fn what_is_missing_above_a_line_is_loaded_from_there_upward() {
    let tab = Tab::live(&Storage::default(), "a", 3);
    tab.cut();
    tab.connect();
    tab.joined("r", joined("r", 100..=101, false));
    assert_eq!(tab.rows(), ["bo 1", "bo 2", "bo 3", "hole", "bo 100", "bo 101"]);

    let room = tab.chat.current().get_untracked().unwrap();
    let is = |row: Row| row == Row::Break(Break::NotRecovered);
    let key =
        room.rows.with_untracked(|rows| rows.iter().find(|row| is(row.row.get_untracked())).unwrap().key);
    tab.chat.load_missed(key);
    assert_eq!(tab.rows(), ["bo 100", "bo 101"]);
    assert_eq!(tab.asked().len(), 1, "{:?}", tab.asked());
    tab.answer(page("r", 50..=99, true));
    assert_eq!(tab.rows().len(), 52);
    assert_eq!(tab.rows()[..2], ["bo 50", "bo 51"]);
    tab.chat.load_missed(key);
    assert_eq!(tab.rows().len(), 52, "the line is gone");
}
