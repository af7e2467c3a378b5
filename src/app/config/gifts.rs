//! The rows of the gift table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Config;
use super::checks::{Fault, fault, within};
use crate::live::GiftTable;

/// Points for each unit of a gift's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GiftTier {
    /// The value of one gift from which on this tier counts, until the next one's.
    pub from_value: u64,
    /// Points for each unit of value; 0 to 1000000.
    pub factor: u64,
}

/// A fixed amount for one gift, whatever its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GiftPoints {
    /// Which gift.
    pub gift_id: String,
    /// Points of one; 0 to 1000000000.
    pub points: u64,
}

impl Config {
    /// The table as the rules take it.
    #[must_use]
    pub fn gift_table(&self) -> GiftTable {
        GiftTable {
            fixed: self.gift_points.iter().map(|row| (row.gift_id.clone(), row.points)).collect(),
            tiers: self.gift_tiers.iter().map(|row| (row.from_value, row.factor)).collect::<BTreeMap<_, _>>(),
        }
    }

    pub(super) fn validate_gifts(&self) -> Result<(), Fault> {
        within("gift_tiers", self.gift_tiers.len(), 0..=ROWS_MAX)?;
        within("gift_points", self.gift_points.len(), 0..=ROWS_MAX)?;
        for row in &self.gift_tiers {
            within("gift_tiers: factor", row.factor, 0..=1_000_000)?;
        }
        for row in &self.gift_points {
            within("gift_points: points", row.points, 0..=1_000_000_000)?;
            within("gift_points: bytes of gift_id", row.gift_id.len(), 1..=200)?;
        }
        let table = self.gift_table();
        if table.tiers.len() < self.gift_tiers.len() {
            return Err(fault("gift_tiers", "two rows have the same from_value; leave one out"));
        }
        if table.fixed.len() < self.gift_points.len() {
            return Err(fault("gift_points", "two rows have the same gift_id; leave one out"));
        }
        Ok(())
    }
}

/// Rows of each list: more than any shop of gifts has.
const ROWS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<GiftTable, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.validate_values().map_err(|fault| fault.to_string())?;
        Ok(config.gift_table())
    }

    #[test]
    fn rows_of_the_file_become_the_table() {
        let text = "[[gift_tiers]]\nfrom_value = 0\nfactor = 5\n[[gift_points]]\ngift_id = \"rocket\"\npoints = 500\n";
        let table = read(text).unwrap();
        assert_eq!((table.tiers, table.fixed), ([(0, 5)].into(), [("rocket".to_owned(), 500)].into()));
        assert_eq!(read(""), Ok(GiftTable::default()));
    }

    #[test]
    fn a_row_that_does_not_fit_is_refused_by_its_key() {
        let twice = "[[gift_tiers]]\nfrom_value = 1\nfactor = 5\n".repeat(2);
        assert!(read(&twice).unwrap_err().starts_with("gift_tiers: two rows"));
        let large = "[[gift_tiers]]\nfrom_value = 1\nfactor = 1000001\n";
        assert!(read(large).unwrap_err().starts_with("gift_tiers: factor: must be 0 to 1000000"));
        let nameless = "[[gift_points]]\ngift_id = \"\"\npoints = 1\n";
        assert!(read(nameless).unwrap_err().starts_with("gift_points"));
    }
}
