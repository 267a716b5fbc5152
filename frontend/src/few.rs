//! Collections for the few things that a page has: a hundred rooms, a dozen answers that are awaited.
//!
//! Maps and sorts of the standard library are made for many, and each type of content brings its own copy of them: up
//! to seven kilobytes, which go over the wire at each first visit.

/// A map that looks at one entry after the other.
#[derive(Debug, Clone)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K: PartialEq, V> Few<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.iter().find(|entry| entry.0 == *key).map(|entry| &entry.1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.iter_mut().find(|entry| entry.0 == *key).map(|entry| &mut entry.1)
    }

    /// Whether a key is there.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Gives a key a value.
    pub fn insert(&mut self, key: K, value: V) {
        match self.get_mut(&key) {
            Some(before) => *before = value,
            None => self.0.push((key, value)),
        }
    }

    /// Takes a key and its value away.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.0.iter().position(|entry| entry.0 == *key)?;
        Some(self.0.remove(at).1)
    }

    /// Takes everything away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Keys and values, in the order of their coming.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|entry| (&entry.0, &entry.1))
    }

    /// Keys and values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|entry| (&entry.0, &mut entry.1))
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|entry| &entry.1)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|entry| &mut entry.1)
    }
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Sorts a short or nearly sorted list; what is equal keeps its order. `before` says whether the first must stand
/// before the second.
pub fn sort<T>(items: &mut [T], before: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && before(&items[at], &items[at - 1]) {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map() {
        let mut few = Few::default();
        few.insert("a", 1);
        few.insert("b", 2);
        few.insert("a", 3);
        assert_eq!((few.get(&"a"), few.get(&"c")), (Some(&3), None));
        few.values_mut().for_each(|value| *value += 1);
        assert_eq!(few.iter().collect::<Vec<_>>(), [(&"a", &4), (&"b", &3)]);
        assert_eq!((few.remove(&"a"), few.remove(&"a"), few.contains_key(&"b")), (Some(4), None, true));
    }

    #[test]
    fn sorting_keeps_what_is_equal_in_its_order() {
        let mut seed = 1_u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 28
        };
        for length in 0..40 {
            let mut items: Vec<(u32, usize)> = (0..length).map(|index| (next(), index)).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            sort(&mut items, |a, b| a.0 < b.0);
            assert_eq!(items, expected);
        }
    }
}
