//! The initials and the hue of a person's avatar.

use shared::{
    person::{Sender, SenderKind},
    text::UserId,
};

/// The number of hues: `data-hue` is `0` to `11`.
pub const HUES: u32 = 12;

/// The hue of a person, stable across pages and sessions.
pub fn hue(id: &UserId) -> u32 {
    // FNV-1a: small, and spreads short ids well.
    let hash = id
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % HUES
}

/// The value of `data-hue` for a sender: `me`, `none` for a classic client, else the number of the hue.
pub fn sender_hue(sender: &Sender, own: bool) -> String {
    match sender.kind {
        _ if own => "me".to_owned(),
        SenderKind::Classic => "none".to_owned(),
        SenderKind::Guest | SenderKind::Unknown => hue(&sender.id).to_string(),
    }
}

/// Up to `most` upper-case initials of a name: of its first and its last word.
/// If no word contains a letter or digit, the first visible character of the name.
pub fn initials(name: &str, most: usize) -> String {
    let firsts: Vec<char> =
        name.split_whitespace().filter_map(|word| word.chars().find(|c| is_letter(*c))).collect();
    let chosen: Vec<char> = match firsts.as_slice() {
        [] => name.chars().find(|c| !c.is_whitespace()).into_iter().collect(),
        [only] => vec![*only],
        [first, .., last] => vec![*first, *last],
    };
    chosen.into_iter().take(most).flat_map(char::to_uppercase).collect()
}

/// Letters, digits and pictures, but no punctuation: an approximation that is good enough for initials.
fn is_letter(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphanumeric(),
        _ => !matches!(c, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names() {
        for (name, two, one) in [
            ("Ilse de Wit", "IW", "I"),
            ("kenji", "K", "K"),
            ("  ann   b ", "AB", "A"),
            ("(ann) bee", "AB", "A"),
            ("山田 太郎", "山太", "山"),
            ("🐙", "🐙", "🐙"),
            ("ßig", "SS", "SS"),
            ("", "", ""),
        ] {
            assert_eq!(initials(name, 2), two, "{name}");
            assert_eq!(initials(name, 1), one, "{name}");
        }
    }

    #[test]
    fn hues_are_stable_and_spread() {
        let id = |n: u32| UserId::parse(&format!("u{n}")).unwrap();
        assert_eq!(hue(&id(1)), hue(&id(1)));
        let mut seen = [0; HUES as usize];
        (0..1200).for_each(|n| seen[hue(&id(n)) as usize] += 1);
        assert!(seen.iter().all(|count| *count > 40), "{seen:?}");
    }
}
