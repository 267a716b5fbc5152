//! The people of a room as the view lists them.

use shared::{person::Person, text::UserId};

use super::signals::Me;

/// Whether an id is that of the person at this page.
pub fn is_me(me: Option<&Me>, id: &UserId) -> bool {
    me.and_then(|me| me.user.as_ref()) == Some(id)
}

/// The first few people, others before oneself: the others say more.
pub fn first_others<'a>(people: &'a [Person], me: Option<&Me>, most: usize) -> Vec<&'a Person> {
    let (own, others): (Vec<_>, Vec<_>) = people.iter().partition(|person| is_me(me, &person.id));
    others.into_iter().chain(own).take(most).collect()
}

/// How many of `here` people the server did not name.
pub fn unnamed(here: u64, people: &[Person]) -> u64 {
    here.saturating_sub(people.len() as u64)
}

#[cfg(test)]
mod tests {
    use shared::text::Name;

    use super::*;

    fn person(id: &str) -> Person {
        Person { id: UserId::parse(id).unwrap(), name: Name::parse(id).unwrap() }
    }

    #[test]
    fn others_stand_before_oneself() {
        let people = ["a", "me", "b", "c"].map(person);
        let me = Me { name: Name::parse("me").unwrap(), user: UserId::parse("me").ok() };
        let first = |most| {
            let first = first_others(&people, Some(&me), most);
            first.iter().map(|person| person.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(first(3), ["a", "b", "c"]);
        assert_eq!(first(9), ["a", "b", "c", "me"]);
        assert!(first_others(&[], None, 3).is_empty());
    }

    #[test]
    fn people_without_names_are_counted() {
        assert_eq!([unnamed(5, &[person("a")]), unnamed(0, &[person("a")])], [4, 0]);
    }
}
