//! Entries as a stream holds them.

use ::redis::Value;
use shared::text::Position;

use crate::broker::{Record, StoredEntry};

/// The entries of an answer to XRANGE or XREVRANGE, in its order. What is no entry of ours is left out.
pub(super) fn entries(answer: Value) -> Vec<StoredEntry> {
    let Value::Array(items) = answer else { return Vec::new() };
    items.into_iter().filter_map(entry).collect()
}

/// The stream id of a position, unless no Redis broker made it.
pub(super) fn id(position: &Position) -> Option<&str> {
    let (id, _tag) = position.as_str().split_once('.')?;
    let (time, number) = id.split_once('-')?;
    let digits =
        |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    (digits(time) && digits(number)).then_some(id)
}

/// The time in a position, in Unix milliseconds by Redis's clock.
pub(super) fn time(position: &Position) -> Option<u64> {
    place(position).map(|(time, _)| time)
}

/// Where a position stands in its stream. Only for finding out which of two entries of one stream comes first.
pub(super) fn place(position: &Position) -> Option<(u64, u64)> {
    if position.is_start() {
        return Some((0, 0));
    }
    let (time, number) = id(position)?.split_once('-')?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

fn entry(item: Value) -> Option<StoredEntry> {
    let Value::Array(parts) = item else { return None };
    let [Value::BulkString(id), Value::Array(fields)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    let mut fields = fields.into_iter();
    let (Value::BulkString(meta), Value::BulkString(record)) = (fields.next()?, fields.next()?) else {
        return None;
    };
    let mut words = std::str::from_utf8(&meta).ok()?.split(' ');
    let tag = words.next()?;
    let n = words.next()?.parse().ok()?;
    let prev = Position::parse(words.next()?).ok()?;
    let position = Position::parse(&format!("{}{tag}", std::str::from_utf8(&id).ok()?)).ok()?;
    Some(StoredEntry { position, prev, n, record: Record::parse(record.into()), change: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positions_of_this_broker_have_an_id() {
        for (position, wanted) in [
            ("17-3.abcd", Some("17-3")),
            ("17-3.-_", Some("17-3")),
            ("0", None),
            ("17-3", None),
            ("17.abcd", None),
            ("-.x", None),
            ("+-1.x", None),
            ("17-3-4.x", None),
        ] {
            assert_eq!(id(&Position::parse(position).unwrap()), wanted, "{position}");
        }
    }

    #[test]
    fn an_entry_is_read_as_the_script_writes_it() {
        let text = |text: &str| Value::BulkString(text.into());
        let fields = Value::Array(vec![text(".nonc 7 5-0.aaaa anna some-nonc"), text("m1 x")]);
        let item = Value::Array(vec![text("17-3"), fields]);
        let got = entries(Value::Array(vec![Value::Nil, item]));
        let wanted = StoredEntry {
            position: Position::parse("17-3.nonc").unwrap(),
            prev: Position::parse("5-0.aaaa").unwrap(),
            n: 7,
            record: Record::parse("m1 x".into()),
            change: None,
        };
        assert_eq!(got, [wanted]);
    }
}
