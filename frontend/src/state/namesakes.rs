//! People whose names look the same, told apart by the end of their ids.

use std::collections::{HashMap, HashSet};

use shared::text::{Name, UserId};

/// How many characters of an id tell namesakes apart.
const SHOWN: usize = 3;

/// The ids among some people that share the look of their name with another id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Namesakes(HashSet<UserId>);

impl Namesakes {
    /// Compares every name with every other. A person who changed their name is no namesake of themselves.
    pub fn among<'a>(people: impl IntoIterator<Item = (&'a UserId, &'a Name)>) -> Self {
        let known: HashSet<(&UserId, &Name)> = people.into_iter().collect();
        let mut first: HashMap<String, &UserId> = HashMap::new();
        let mut shared = HashSet::new();
        for (id, name) in known {
            let owner = *first.entry(skeleton(name.as_str())).or_insert(id);
            if owner != id {
                shared.extend([owner.clone(), id.clone()]);
            }
        }
        Self(shared)
    }

    /// What to show beside the name of a person who has namesakes.
    pub fn mark<'a>(&self, id: &'a UserId) -> Option<&'a str> {
        // Ids are ASCII.
        let id = self.0.get(id).map(|_| id.as_str())?;
        Some(&id[id.len().saturating_sub(SHOWN)..])
    }
}

/// What a name looks like: names with equal skeletons are easily taken for each other. Covers case, white space,
/// invisible characters, full-width forms, accents above and below, and the Latin look-alikes in Cyrillic, Greek and
/// among digits; the whole table of Unicode Technical Standard #39 is larger than the page.
fn skeleton(name: &str) -> String {
    let lower = name.chars().map(before_case).flat_map(char::to_lowercase);
    let letters = lower.filter(|c| !c.is_whitespace() && !is_invisible(*c)).map(look);
    // Pairs that look like one letter.
    letters.collect::<String>().replace("rn", "m").replace("vv", "w")
}

/// Capitals whose look is lost in lower case.
fn before_case(c: char) -> char {
    match c {
        'I' | 'І' | 'Ӏ' | 'Ι' => 'l',
        'В' | 'Β' => 'b',
        'Н' | 'Η' => 'h',
        'Υ' => 'y',
        'Χ' => 'x',
        'Ν' => 'n',
        _ => c,
    }
}

/// Combining marks, selectors, joiners, and whatever else takes no room of its own.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{300}'..='\u{36f}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The Latin letter that a lower-case character looks like.
fn look(c: char) -> char {
    match c {
        'а' | 'α' | 'ɑ' | 'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ь' => 'b',
        'с' | 'ϲ' | 'ç' | 'ć' | 'č' => 'c',
        'ԁ' => 'd',
        'е' | 'ё' | 'ε' | 'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'һ' => 'h',
        'і' | 'ı' | 'ӏ' | 'ι' | 'ї' | 'ì'..='ï' | 'ī' | '1' | '|' | 'i' => 'l',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'ñ' | 'ń' | 'ň' => 'n',
        'о' | 'ο' | 'σ' | 'օ' | 'ò'..='ö' | 'ø' | 'ō' | 'ő' | '0' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' | 'ś' | 'š' | 'ş' => 's',
        'т' | 'τ' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'ý' | 'ÿ' | 'γ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).map_or(c, look),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks<const N: usize>(people: [(&str, &str); N]) -> [Option<String>; N] {
        let people = people.map(|(id, name)| (UserId::parse(id).unwrap(), Name::parse(name).unwrap()));
        let namesakes = Namesakes::among(people.iter().map(|(id, name)| (id, name)));
        people.map(|(id, _)| namesakes.mark(&id).map(str::to_owned))
    }

    #[test]
    fn only_namesakes_are_told_apart() {
        let found = marks([("u_abck7", "Sam"), ("u_abcx2", "Sam"), ("u_q", "Ada"), ("u_q", "Ada L")]);
        assert_eq!(found, [Some("ck7".into()), Some("cx2".into()), None, None]);
    }

    #[test]
    fn names_that_look_the_same_are_namesakes() {
        for (one, other, same) in [
            ("Ada", "ada", true),
            ("Ada", "Аdа", true),
            ("Ilse", "llse", true),
            ("Ilse", "1lse", true),
            ("Bob", "B0b", true),
            ("Ann", "Ａｎｎ", true),
            ("Ann Lee", "AnnLee", true),
            ("Jose", "José", true),
            ("corn", "com", true),
            ("Ada", "Ada\u{301}", true),
            ("Ada", "Adam", false),
            ("日本", "日木", false),
        ] {
            assert_eq!(marks([("u_1", one), ("u_2", other)])[0].is_some(), same, "{one} {other}");
        }
    }
}
