//! The pictures of users, in memory: those that they have uploaded, and those that lie at their `avatarUrl`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use costage_media::scene::{Avatar, Face, Scene};

use super::fetched::Fetches;
use super::fetching::Wanted;
use crate::live::UserId;

/// Uploaded pictures that are kept, 124 kB each: 64 MB of them. Beyond it the one goes that was not looked at for the longest and
/// that no program shows; the tile of its user has initials again. When all of them are shown, a new one is refused.
pub const AVATARS_MAX: usize = 512;

/// Whose avatar is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// This user's.
    User(UserId),
    /// Of all whose avatar is fetched from here.
    At(String),
}

impl Whose {
    pub(super) fn is(&self, face: Face<'_>) -> bool {
        match self {
            Self::User(user) => face.user == user.as_str(),
            Self::At(url) => face.avatar_url == url,
        }
    }
}

/// There is no place for another picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Uploaded pictures by user, fetched ones by address. Its lock is taken when a picture comes and when a scene is made or
/// set, never per packet or frame, and held for a look into a map for each face.
#[derive(Debug, Default)]
pub(super) struct Gallery(Mutex<Hung>);

#[derive(Debug, Default)]
struct Hung {
    by_user: BTreeMap<String, Picture>,
    by_url: Fetches,
    /// Counts looks, so that the oldest is known.
    looks: u64,
}

#[derive(Debug)]
struct Picture {
    avatar: Avatar,
    looked_at: u64,
}

impl Gallery {
    /// This user's picture is that one from now on.
    pub(super) fn hang(&self, user: &UserId, avatar: Avatar) -> Result<(), Full> {
        let mut hung = self.hung();
        if !hung.by_user.contains_key(user.as_str()) && hung.by_user.len() >= AVATARS_MAX {
            let unused = hung.by_user.iter().filter(|(_, picture)| !picture.avatar.is_shared());
            let oldest = unused.min_by_key(|(_, picture)| picture.looked_at).map(|(user, _)| user.clone());
            hung.by_user.remove(&oldest.ok_or(Full)?);
        }
        hung.looks += 1;
        let picture = Picture { avatar, looked_at: hung.looks };
        hung.by_user.insert(user.to_string(), picture);
        Ok(())
    }

    /// The picture at `url` is that one, until it is looked for there again.
    pub(super) fn hang_fetched(&self, now: Instant, url: &str, avatar: Avatar) -> Result<(), Full> {
        self.hung().by_url.hang(now, url, avatar)
    }

    /// There is none at `url`, for now. Whether that is news.
    pub(super) fn not_fetched(&self, now: Instant, url: &str) -> bool {
        self.hung().by_url.fail(now, url)
    }

    /// Nobody has looked at `url`: whoever wants it next is told to.
    pub(super) fn not_asked(&self, url: &str) {
        self.hung().by_url.forget(url);
    }

    /// What is to be fetched for `scene`: addresses of those who have uploaded nothing, each once in a while.
    pub(super) fn wanted(&self, now: Instant, scene: &Scene) -> Vec<Wanted> {
        let mut faces = scene.faces().filter(|face| !face.avatar_url.is_empty()).peekable();
        if faces.peek().is_none() {
            return Vec::new();
        }
        let mut hung = self.hung();
        let Hung { by_user, by_url, .. } = &mut *hung;
        let mut due = |face: &Face<'_>| !by_user.contains_key(face.user) && by_url.is_due(now, face.avatar_url);
        let wanted = |face: Face<'_>| Wanted { user: face.user.to_owned(), url: face.avatar_url.to_owned() };
        faces.filter(|face| due(face)).map(wanted).collect()
    }

    /// Gives each tile and each sitter of `scene` the picture of its user: the uploaded one, or else the fetched one.
    pub(super) fn dress(&self, scene: &mut Scene) {
        let mut hung = self.hung();
        hung.looks += 1;
        let Hung { by_user, by_url, looks } = &mut *hung;
        by_url.begin_look();
        for (face, avatar) in scene.faces_mut() {
            let uploaded = by_user.get_mut(face.user).map(|picture| {
                picture.looked_at = *looks;
                picture.avatar.clone()
            });
            *avatar = uploaded.or_else(|| by_url.look(face.avatar_url));
        }
    }

    fn hung(&self) -> MutexGuard<'_, Hung> {
        // Nothing in here panics half-way; and a picture too few is better than no scene.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use costage_media::frame::{I420, Size};
    use costage_media::scene::{Battle, Cell, CellSitter, Rect, Template, Tile};

    fn picture() -> Avatar {
        Avatar::new(I420::black(Size { width: 2, height: 2 }))
    }

    fn user(number: usize) -> UserId {
        UserId::new(&format!("user{number}")).unwrap()
    }

    fn scene_of(users: &[usize]) -> Scene {
        let tile = |number: &usize| Tile { user: user(*number).to_string(), ..Tile::default() };
        Scene {
            canvas: Size { width: 72, height: 128 },
            template: Template::HostDynamicGrid,
            tiles: users.iter().map(tile).collect(),
            voices: Vec::new(),
            cells: Vec::new(),
            battle: Battle::default(),
            names: true,
            sei: None,
        }
    }

    fn has(gallery: &Gallery, number: usize) -> bool {
        let mut scene = scene_of(&[number]);
        gallery.dress(&mut scene);
        scene.tiles[0].avatar.is_some()
    }

    #[test]
    fn the_newest_picture_of_a_user_is_the_one() {
        let gallery = Gallery::default();
        let (first, second) = (picture(), picture());
        gallery.hang(&user(1), first.clone()).unwrap();
        gallery.hang(&user(1), second.clone()).unwrap();
        let mut scene = scene_of(&[1, 2]);
        gallery.dress(&mut scene);
        assert_eq!(scene.tiles[0].avatar, Some(second));
        assert_ne!(scene.tiles[0].avatar, Some(first));
        assert_eq!(scene.tiles[1].avatar, None);
    }

    #[test]
    fn who_sits_among_voices_has_a_picture_too() {
        let gallery = Gallery::default();
        gallery.hang(&user(1), picture()).unwrap();
        let mut scene = scene_of(&[]);
        let sitter = |number| Some(CellSitter { user: user(number).to_string(), ..CellSitter::default() });
        let rect = Rect { x: 0, y: 0, w: 2, h: 2 };
        let cell = |number| Cell { seat: 0, locked: false, rect, sitter: sitter(number) };
        scene.cells = vec![cell(1), cell(2), Cell { sitter: None, ..cell(3) }];
        gallery.dress(&mut scene);
        let dressed = scene.cells.iter().map(|cell| cell.sitter.as_ref().is_some_and(|it| it.avatar.is_some()));
        assert_eq!(dressed.collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(scene.faces().map(|face| face.user).collect::<Vec<_>>(), ["user1", "user2"]);
    }

    #[test]
    fn beyond_the_bound_the_one_that_was_not_looked_at_for_the_longest_goes() {
        let gallery = Gallery::default();
        (0..AVATARS_MAX).for_each(|number| gallery.hang(&user(number), picture()).unwrap());
        assert!(has(&gallery, 0), "and it was just looked at");
        gallery.hang(&user(AVATARS_MAX), picture()).unwrap();
        assert!(has(&gallery, 0) && !has(&gallery, 1) && has(&gallery, AVATARS_MAX));
        assert_eq!(gallery.hung().by_user.len(), AVATARS_MAX);
    }

    #[test]
    fn a_picture_that_is_shown_stays_and_when_all_are_a_new_one_is_refused() {
        let gallery = Gallery::default();
        (0..AVATARS_MAX).for_each(|number| gallery.hang(&user(number), picture()).unwrap());
        let all: Vec<_> = (0..AVATARS_MAX).collect();
        let mut shown = scene_of(&all);
        gallery.dress(&mut shown);
        assert_eq!(gallery.hang(&user(AVATARS_MAX), picture()), Err(Full));
        assert_eq!(gallery.hang(&user(7), picture()), Ok(()), "another one of somebody who has one is fine");
        shown.tiles[3].avatar = None;
        gallery.hang(&user(AVATARS_MAX), picture()).unwrap();
        assert!(!has(&gallery, 3) && has(&gallery, 4));
    }

    #[test]
    fn an_uploaded_picture_wins_over_the_one_at_an_address_and_none_is_fetched_then() {
        let (gallery, now) = (Gallery::default(), Instant::now());
        let (uploaded, fetched) = (picture(), picture());
        let mut scene = scene_of(&[1, 2]);
        scene.tiles.iter_mut().for_each(|tile| tile.avatar_url = "https://a/b.png".to_owned());
        gallery.hang(&user(1), uploaded.clone()).unwrap();
        let wanted = gallery.wanted(now, &scene);
        assert_eq!(wanted, [Wanted { user: "user2".to_owned(), url: "https://a/b.png".to_owned() }]);
        gallery.hang_fetched(now, "https://a/b.png", fetched.clone()).unwrap();
        gallery.dress(&mut scene);
        assert_eq!(
            scene.tiles.iter().map(|tile| tile.avatar.clone()).collect::<Vec<_>>(),
            [Some(uploaded), Some(fetched)]
        );
        let changed = Whose::At("https://a/b.png".to_owned());
        assert!(scene.faces().all(|face| changed.is(face)) && !Whose::User(user(3)).is(scene.faces().next().unwrap()));
    }
}
