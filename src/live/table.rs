//! A map that can take back what was done to it, so that a refused command or a failed commit costs what it touched
//! and not a copy of everything.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// An ordered map with an undo log. Marks nest: [`Table::undo_to`] goes back to any mark not yet forgotten.
#[derive(Debug, Clone)]
pub(super) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    /// For each change, oldest first: the key and what stood there.
    log: Vec<(K, Option<V>)>,
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub(super) fn new(rows: BTreeMap<K, V>) -> Self {
        Self { rows, log: Vec::new() }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    /// The row for changing; what it was is kept until [`Table::forget`].
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        self.log.push((key.clone(), Some(row.clone())));
        Some(row)
    }

    pub(super) fn insert(&mut self, key: K, row: V) {
        let before = self.rows.insert(key.clone(), row);
        self.log.push((key, before));
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let row = self.rows.remove(key)?;
        self.log.push((key.clone(), Some(row.clone())));
        Some(row)
    }

    /// Removes a row for good: no mark brings it back. There must be nothing to take back of it.
    pub(super) fn let_go(&mut self, key: &K) -> Option<V> {
        debug_assert!(self.log.iter().all(|(changed, _)| changed != key), "what is kept alone is let go");
        self.rows.remove(key)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter()
    }

    pub(super) fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn rows(&self) -> &BTreeMap<K, V> {
        &self.rows
    }

    /// A point to come back to.
    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    /// Whose rows were changed since `mark`, some of them more than once.
    pub(super) fn touched(&self, mark: usize) -> impl Iterator<Item = &K> {
        self.log[mark..].iter().map(|(key, _)| key)
    }

    /// Takes back everything since `mark`, newest first.
    pub(super) fn undo_to(&mut self, mark: usize) {
        while self.log.len() > mark
            && let Some((key, before)) = self.log.pop()
        {
            match before {
                Some(row) => drop(self.rows.insert(key, row)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }

    /// What was done stays; all marks are void.
    pub(super) fn forget(&mut self) {
        self.log.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoing_to_a_mark_restores_every_row_as_it_was_then() {
        let mut table = Table::new(BTreeMap::from([(1, "one"), (2, "two")]));
        table.insert(3, "three");
        let (inner, rows) = (table.mark(), table.rows().clone());
        *table.get_mut(&1).unwrap() = "uno";
        *table.get_mut(&1).unwrap() = "eins";
        table.remove(&2);
        table.insert(2, "zwei");
        table.remove(&3);
        table.insert(4, "four");
        table.undo_to(inner);
        assert_eq!(table.rows(), &rows);
        table.undo_to(0);
        assert_eq!(table.rows(), &BTreeMap::from([(1, "one"), (2, "two")]));
    }

    #[test]
    fn what_was_kept_is_not_taken_back() {
        let mut table = Table::new(BTreeMap::new());
        table.insert(1, 'a');
        table.forget();
        table.insert(2, 'b');
        table.undo_to(0);
        assert_eq!(table.rows(), &BTreeMap::from([(1, 'a')]));
    }
}
