//! Avatars at users' addresses: who fetches them.

use std::sync::Arc;

use super::config::Config;
use crate::avatar::{FETCH_BOUNDS, Fetcher};
use crate::engine::{Clock, Director};
use crate::outgoing::{Getter, SystemResolver};

/// Lets `director` have avatars fetched for as long as the answer is kept; `None` where `config` wants none.
///
/// # Errors
/// When a setting is wrong.
pub(super) fn fetch(config: &Config, director: &Director, clock: &Arc<dyn Clock>) -> anyhow::Result<Option<Fetcher>> {
    let allowed = config.allowed_avatar_hosts()?;
    if !config.avatars.fetch {
        return Ok(None);
    }
    let getter = || Getter::new(Arc::new(SystemResolver), allowed, FETCH_BOUNDS);
    let fetcher = Fetcher::start(getter, Arc::new(director.clone()));
    director.set_fetcher(Arc::new(fetcher.queue()), Arc::clone(clock));
    Ok(Some(fetcher))
}
