//! Avatars that lie somewhere in the network: who is asked to bring them, and what becomes of them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use costage_media::codec::photo::PhotoKind;
use costage_media::scene::Scene;

use super::clock::Clock;
use super::director::Director;
use super::gallery::Whose;
use super::pictures::{AvatarRefused, avatar};

/// An avatar that a picture could show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Whose, for the log.
    pub user: String,
    /// Where it is, as somebody wrote it: no more than a text.
    pub url: String,
}

/// Whoever brings avatars. Never waits and never works on the caller's thread, which is control's.
pub trait AvatarFetcher: Send + Sync {
    /// Asks for one; `false`: there is too much to do, and it is forgotten.
    fn fetch(&self, wanted: Wanted) -> bool;
}

/// Whoever takes what was brought. Each call may take some hundred milliseconds: for a thread that nobody waits for.
pub trait Fetched: Send + Sync {
    /// These bytes lie there: they are shown wherever this address is an avatar's.
    ///
    /// # Errors
    /// See [`AvatarRefused`].
    fn found(&self, url: &str, kind: PhotoKind, bytes: &[u8]) -> Result<(), AvatarRefused>;

    /// There is no picture. Whether that is news: it is told once of each address.
    fn missed(&self, url: &str) -> bool;
}

/// Who is asked, and what time it is.
type Fetching = (Arc<dyn AvatarFetcher>, Arc<dyn Clock>);

/// The fetcher, once there is one.
#[derive(Clone, Default)]
pub(super) struct Errands(Arc<OnceLock<Fetching>>);

impl fmt::Debug for Errands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Errands").field(&self.0.get().is_some()).finish()
    }
}

impl Director {
    /// From now on avatars are asked for here. The first one stays.
    pub fn set_fetcher(&self, fetcher: Arc<dyn AvatarFetcher>, clock: Arc<dyn Clock>) {
        if self.errands().0.set((fetcher, clock)).is_err() {
            tracing::error!("a second fetcher of avatars is not asked");
        }
    }

    /// Asks for the avatars of `scene` that are not there yet: without them initials are drawn.
    pub(super) fn ask_for_avatars(&self, scene: &Scene) {
        let Some((fetcher, clock)) = self.errands().0.get() else { return };
        for wanted in self.gallery().wanted(clock.now(), scene) {
            let url = wanted.url.clone();
            if !fetcher.fetch(wanted) {
                self.gallery().not_asked(&url);
            }
        }
    }
}

impl Fetched for Director {
    fn found(&self, url: &str, kind: PhotoKind, bytes: &[u8]) -> Result<(), AvatarRefused> {
        let avatar = avatar(kind, bytes)?;
        let Some((_, clock)) = self.errands().0.get() else { return Ok(()) };
        self.gallery().hang_fetched(clock.now(), url, avatar).map_err(|_| AvatarRefused::Full)?;
        self.redress(&Whose::At(url.to_owned()));
        Ok(())
    }

    fn missed(&self, url: &str) -> bool {
        let Some((_, clock)) = self.errands().0.get() else { return false };
        self.gallery().not_fetched(clock.now(), url)
    }
}
