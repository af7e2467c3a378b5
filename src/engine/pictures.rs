//! Pictures that are made beside the programs, on whichever thread asks: avatars that come in, previews that go out.

use std::time::Instant;

use costage_media::codec::photo::{self, PhotoKind, PhotoRefused};
use costage_media::kernel::{Kernels, Level};
use costage_media::mix;
use costage_media::scene::{AVATAR_SIDE, Avatar, Scene};
use thiserror::Error;

use super::director::Director;
use super::gallery::{AVATARS_MAX, Whose};
use crate::live::UserId;

/// What the interface asks for without touching a pixel. Each call works for up to some hundred milliseconds on the
/// caller's thread: never on one that media, commands or other requests wait for.
pub trait Pictures: Send + Sync {
    /// This user's avatar is that picture from now on, in running programs too.
    ///
    /// # Errors
    /// See [`AvatarRefused`].
    fn set_avatar(&self, user: &UserId, kind: PhotoKind, bytes: &[u8]) -> Result<(), AvatarRefused>;

    /// The scene as a PNG, with a colour of their own in place of the hosts' media.
    ///
    /// # Errors
    /// See [`NotDrawn`].
    fn preview(&self, now: Instant, scene: Scene) -> Result<Vec<u8>, NotDrawn>;
}

/// Why an avatar is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AvatarRefused {
    /// The picture is not one that is taken.
    #[error(transparent)]
    Photo(#[from] PhotoRefused),
    /// All pictures that are kept are being shown.
    #[error("the server keeps {AVATARS_MAX} avatars, and all of them are in pictures at the moment: try again later")]
    Full,
}

/// A preview could not be made: a defect of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the preview could not be encoded: {0}")]
pub struct NotDrawn(String);

impl Pictures for Director {
    fn set_avatar(&self, user: &UserId, kind: PhotoKind, bytes: &[u8]) -> Result<(), AvatarRefused> {
        self.gallery().hang(user, avatar(kind, bytes)?).map_err(|_| AvatarRefused::Full)?;
        self.redress(&Whose::User(user.clone()));
        Ok(())
    }

    fn preview(&self, now: Instant, mut scene: Scene) -> Result<Vec<u8>, NotDrawn> {
        self.gallery().dress(&mut scene);
        let picture = mix::preview(Kernels::new(Level::Scalar), now, scene);
        photo::png(picture.as_ref()).map_err(|error| NotDrawn(error.to_string()))
    }
}

/// A picture of somebody's as it is hung.
pub(super) fn avatar(kind: PhotoKind, bytes: &[u8]) -> Result<Avatar, PhotoRefused> {
    let square = photo::square(kind, bytes, AVATAR_SIDE)?;
    // What was smaller is scaled up by the means of the mix.
    Ok(Avatar::new(mix::avatar_picture(Kernels::new(Level::Scalar), square)))
}
