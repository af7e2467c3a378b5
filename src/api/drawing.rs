//! Places for what is made of pixels on behalf of a request: few at a time, so that media threads keep their processors.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cases::Case;
use super::problem::Problem;
use super::refusals::BUSY_SECONDS;

/// Uploads at once, 4 MiB each at most: 32 MiB.
const UPLOADS_MAX: usize = 8;

/// Of these, how many are decoded at once, 64 MiB each at most; the others wait for their turn.
const DECODES_MAX: usize = 1;

/// Previews that are drawn at once.
const PREVIEWS_MAX: usize = 2;

/// The places; cheap to clone.
#[derive(Clone, Debug)]
pub struct Drawing {
    uploads: Arc<Semaphore>,
    decodes: Arc<Semaphore>,
    previews: Arc<Semaphore>,
}

impl Default for Drawing {
    fn default() -> Self {
        let places = |most| Arc::new(Semaphore::new(most));
        Self { uploads: places(UPLOADS_MAX), decodes: places(DECODES_MAX), previews: places(PREVIEWS_MAX) }
    }
}

impl Drawing {
    /// A place for an upload.
    ///
    /// # Errors
    /// 503.
    pub(super) fn upload(&self) -> Result<OwnedSemaphorePermit, Problem> {
        place(&self.uploads, || format!("{UPLOADS_MAX} pictures are being uploaded already"))
    }

    /// Waits for the turn to decode; whoever has a place for an upload gets it.
    pub(super) async fn decode(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.decodes).acquire_owned().await.expect("nobody closes the semaphore")
    }

    /// A place for a preview.
    ///
    /// # Errors
    /// 503.
    pub(super) fn preview(&self) -> Result<OwnedSemaphorePermit, Problem> {
        place(&self.previews, || format!("{PREVIEWS_MAX} previews are being drawn already"))
    }
}

fn place(places: &Arc<Semaphore>, detail: impl Fn() -> String) -> Result<OwnedSemaphorePermit, Problem> {
    let busy = |_| Problem::new(Case::Overloaded, format!("{}: try again", detail())).retry_after(BUSY_SECONDS);
    Arc::clone(places).try_acquire_owned().map_err(busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_there_are_places_is_told_when_to_return() {
        let drawing = Drawing::default();
        let previews: Vec<_> = (0..PREVIEWS_MAX).map(|_| drawing.preview().unwrap()).collect();
        let refused = drawing.preview().unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.retry_after), (503, Some(BUSY_SECONDS)));
        drop(previews);
        assert!(drawing.preview().is_ok());
        let uploads: Vec<_> = (0..UPLOADS_MAX).map(|_| drawing.upload().unwrap()).collect();
        assert_eq!(drawing.upload().unwrap_err().status(), 503);
        drop(uploads);
    }
}
