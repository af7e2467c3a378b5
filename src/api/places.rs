//! Places for HTTP connections: so many in all, and at most half of them for one address.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// One address may have this part of all places: others always find some, and half of them is enough for a proxy
/// with all of a city behind it. Loopback is not counted: that is a proxy in front of us, or ourselves.
const SHARE: usize = 2;

/// The places, and who has them.
#[derive(Debug)]
pub(super) struct Places {
    max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// At most one entry a place.
    by_address: BTreeMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPlace {
    /// All are taken.
    #[error("the server has as many connections as it may (limits.connections); try again")]
    Full,
    /// This address has its share.
    #[error("this address has as many connections as one may, half of limits.connections; close some and try again")]
    ShareTaken,
}

/// One place, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    from: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, taken: Mutex::default() })
    }

    /// A place for a connection from `from`.
    ///
    /// # Errors
    /// See [`NoPlace`].
    pub(super) fn take(self: &Arc<Self>, from: IpAddr) -> Result<Place, NoPlace> {
        let from = counted(from);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.max {
            return Err(NoPlace::Full);
        }
        if let Some(from) = from {
            let share = (self.max / SHARE).max(1);
            let own = taken.by_address.get(&from).copied().unwrap_or(0);
            if own >= share {
                return Err(NoPlace::ShareTaken);
            }
            taken.by_address.insert(from, own + 1);
        }
        taken.all += 1;
        Ok(Place { places: Arc::clone(self), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(from) = self.from else { return };
        match taken.by_address.get_mut(&from) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(taken.by_address.remove(&from)),
        }
    }
}

/// As whose an address counts: IPv6 by its /64, which is one subscriber's; loopback as nobody's.
fn counted(from: IpAddr) -> Option<IpAddr> {
    match from.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
        }
        address @ IpAddr::V4(_) => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_gets_half_of_all_places_and_others_the_rest() {
        let places = Places::new(4);
        let mut held = vec![places.take(address("192.0.2.1")).unwrap(), places.take(address("192.0.2.1")).unwrap()];
        assert_eq!(places.take(address("192.0.2.1")).unwrap_err(), NoPlace::ShareTaken);
        held.push(places.take(address("2001:db8::1")).unwrap());
        held.push(places.take(address("2001:db8::2:1")).unwrap());
        assert_eq!(places.take(address("198.51.100.1")).unwrap_err(), NoPlace::Full);
        drop(held.remove(0));
        assert_eq!(places.take(address("2001:db8::3")).unwrap_err(), NoPlace::ShareTaken, "one /64 is one address");
        assert!(places.take(address("192.0.2.1")).is_ok(), "a place that is left is free again");
    }

    #[test]
    fn loopback_may_have_all_and_nothing_is_kept_of_who_left() {
        let places = Places::new(2);
        let held = [places.take(address("127.0.0.1")).unwrap(), places.take(address("::ffff:127.0.0.1")).unwrap()];
        assert_eq!(places.take(address("::1")).unwrap_err(), NoPlace::Full);
        drop(held);
        drop(places.take(address("192.0.2.1")).unwrap());
        let taken = places.taken.lock().unwrap();
        assert_eq!((taken.all, taken.by_address.len()), (0, 0));
    }
}
