//! What the machine is to be woken for, in order of time: kept up with each change, so that neither a command nor a
//! look at the clock costs more with more lives.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::Wake;
use super::time::WallMs;

/// The armed deadlines. Derived from the state and not part of it.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    times: BTreeMap<Wake, WallMs>,
    order: BTreeSet<(WallMs, Wake)>,
}

impl Deadlines {
    /// `wake` is armed for that time, or not at all.
    pub(super) fn arm(&mut self, wake: Wake, at: Option<WallMs>) {
        let before = match at {
            Some(at) => self.times.insert(wake.clone(), at),
            None => self.times.remove(&wake),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, wake.clone()));
        }
        if let Some(at) = at {
            self.order.insert((at, wake));
        }
    }

    /// The next one.
    pub(super) fn first(&self) -> Option<&(WallMs, Wake)> {
        self.order.first()
    }

    /// Those that are due, in the order in which they fire.
    pub(super) fn due(&self, now: WallMs) -> Vec<Wake> {
        self.order.iter().take_while(|(at, _)| *at <= now).map(|(_, wake)| wake.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ids::LiveId;
    use super::*;

    #[test]
    fn what_is_armed_anew_fires_at_its_new_time_only_and_what_is_disarmed_never() {
        let [a, b] = ["a", "b"].map(|name| Wake::LiveIdles(LiveId::new(name).unwrap()));
        let mut deadlines = Deadlines::default();
        deadlines.arm(a.clone(), Some(WallMs(10)));
        deadlines.arm(b.clone(), Some(WallMs(20)));
        assert_eq!(deadlines.first(), Some(&(WallMs(10), a.clone())));
        deadlines.arm(a.clone(), Some(WallMs(30)));
        deadlines.arm(a.clone(), Some(WallMs(30)));
        assert_eq!(deadlines.due(WallMs(29)), std::slice::from_ref(&b));
        assert_eq!(deadlines.due(WallMs(30)), [b.clone(), a.clone()]);
        deadlines.arm(b, None);
        assert_eq!(deadlines.due(WallMs(99)), std::slice::from_ref(&a));
        deadlines.arm(a, None);
        assert_eq!(deadlines.first(), None);
    }
}
