//! Counters of the wire, extended to 64 bits (RFC 3711 §3.3.1 does the same with a roll-over counter).

/// Follows a counter of `BITS` bits over its wraps. Steps of less than half its range keep it right, backwards too.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Unroll<const BITS: u32> {
    highest: Option<u64>,
}

impl<const BITS: u32> Unroll<BITS> {
    /// The extended value nearest to the highest one so far. The first value starts one turn up, so that an older
    /// packet that follows has room below it.
    pub(crate) fn extend(&mut self, value: u32) -> u64 {
        let turn = 1_u64 << BITS;
        let Some(highest) = self.highest else {
            let first = turn + u64::from(value);
            self.highest = Some(first);
            return first;
        };
        let near = highest - highest % turn + u64::from(value);
        let extended = if near + turn / 2 < highest {
            near + turn
        } else if near >= highest + turn / 2 && near >= turn {
            near - turn
        } else {
            near
        };
        self.highest = Some(highest.max(extended));
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_goes_on_upwards_and_a_late_packet_stays_below() {
        let mut unroll = Unroll::<16>::default();
        let before = unroll.extend(65_534);
        assert_eq!(unroll.extend(1), before + 3);
        assert_eq!(unroll.extend(65_535), before + 1);
        assert_eq!(unroll.extend(2), before + 4);
    }

    #[test]
    fn a_packet_older_than_the_first_one_does_not_wrap_below_zero() {
        let mut unroll = Unroll::<16>::default();
        let first = unroll.extend(1);
        assert_eq!(unroll.extend(65_535), first - 2);
    }

    #[test]
    fn timestamps_extend_over_32_bits() {
        let mut unroll = Unroll::<32>::default();
        let before = unroll.extend(u32::MAX);
        assert_eq!(unroll.extend(2_999), before + 3_000);
    }
}
