//! Numbers and sentences as people read them.

/// "1 person", "12 people".
pub fn people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// A number for a small place: three digits say no more than "many".
pub fn number(count: usize) -> String {
    if count > 99 { "99+".to_owned() } else { count.to_string() }
}

/// The message of an error as a sentence.
pub fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    format!("{}{}.", first.collect::<String>(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        assert_eq!([people(0), people(1), people(2)], ["0 people", "1 person", "2 people"]);
        assert_eq!([number(0), number(99), number(100)], ["0", "99", "99+"]);
    }

    #[test]
    fn sentences() {
        assert_eq!(sentence("a name has a letter"), "A name has a letter.");
        assert_eq!(sentence(""), ".");
    }
}
