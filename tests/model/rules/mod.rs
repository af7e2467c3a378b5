//! The rules again, as naively as they can be said: lists that are searched from the front, everything worked out anew
//! whenever it is asked for, nothing kept that could be derived. Written from the page of the control plane.

mod arranging;
mod battles;
mod challenges;
mod clock;
mod connections;
mod contests;
mod devices;
mod gifts;
mod guests;
mod layouts;
mod lives;
mod places;
mod presence;
mod questions;
mod requests;
mod results;
mod scores;
mod seats;
mod views;
mod wishes;

use crate::command::{Command, Table};
use crate::said::{Answer, Case, Event, Left, Notice, Readers, Refusal};
use crate::twist::Twist;
use crate::words::{Device, Host, Person, Points, Settings, Text, Verdict};
use arranging::Arranged;

pub(crate) use clock::Due;
pub(crate) use layouts::{SEAT_TEMPLATES, TEMPLATES};

pub(crate) type Outcome = crate::said::Outcome<'static>;
/// A rule's consent, or what is against it.
type Allowed<T = ()> = Result<T, Refusal<'static>>;

/// Media or an event socket of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Never,
    Here,
    /// Since when.
    Lost(u64),
}

/// One seat of a live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) locked: bool,
    pub(crate) sitter: Option<Sitting>,
}

/// Who sits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sitting {
    pub(crate) user: Person<'static>,
    pub(crate) microphone: Device,
    pub(crate) camera: Device,
    /// What a guest publishes as; 0 for the owner, who publishes as its live.
    pub(crate) serial: u32,
    /// Of a guest.
    pub(crate) media: Link,
}

/// A pending application or invitation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub(crate) application: bool,
    pub(crate) user: Person<'static>,
    pub(crate) index: Option<u64>,
    pub(crate) extension: Text,
    pub(crate) expires: Option<u64>,
}

/// A live.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) id: Text,
    pub(crate) serial: u32,
    pub(crate) owner: Person<'static>,
    pub(crate) settings: Settings<'static>,
    pub(crate) created: u64,
    pub(crate) media: Link,
    pub(crate) socket: Link,
    /// Its host has left, and nothing of it came back since.
    pub(crate) gone: bool,
    /// Nobody is said to have left before this.
    pub(crate) spared: u64,
    /// As many as it has; none when it has none.
    pub(crate) seats: Vec<Seat>,
    pub(crate) pending: Vec<Pending>,
    /// To whom who manages has closed something: the microphone, the camera.
    pub(crate) closed: Vec<(Text, bool, bool)>,
    /// It has had something to show.
    pub(crate) shown: bool,
    /// How its last battle ended, until when that is said, and which it was.
    pub(crate) judged: Option<(crate::words::End, u64, usize)>,
    /// Regions of its own, for while it is alone.
    pub(crate) own: Option<Vec<Arranged>>,
}

/// A pending request of one live to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) from: Text,
    pub(crate) to: Text,
    pub(crate) template: Option<u64>,
    pub(crate) expires: u64,
}

/// Lives that are co-hosting.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) number: u32,
    pub(crate) template: u64,
    /// Its regions, when they are its own.
    pub(crate) own: Option<Vec<Arranged>>,
    pub(crate) members: Vec<Text>,
}

/// What a battle was asked for with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config {
    pub(crate) seconds: u64,
    /// Seconds that who is asked may take; `None` starts at once.
    pub(crate) timeout: Option<u64>,
    pub(crate) extension: Text,
    pub(crate) punishment: u64,
    pub(crate) part_after: bool,
}

/// A host in a battle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fighter {
    pub(crate) host: Host<'static>,
    pub(crate) score: u64,
    pub(crate) left: bool,
    /// Was asked and has not answered.
    pub(crate) asked: bool,
}

/// Where a battle stands.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    Pending,
    Running,
    /// Why, and how if it ever started.
    Ended(u64, Option<Verdict<'static>>),
}

/// A battle.
#[derive(Debug, Clone)]
pub(crate) struct Battle {
    pub(crate) number: usize,
    pub(crate) connection: u32,
    pub(crate) config: Config,
    /// The inviter first.
    pub(crate) fighters: Vec<Fighter>,
    pub(crate) stage: Stage,
    pub(crate) start: Option<u64>,
    /// Of a pending one, when the request expires.
    pub(crate) end: u64,
    /// When scores were last told, and whether they changed since.
    pub(crate) told: Option<u64>,
    pub(crate) untold: bool,
    pub(crate) punishment_end: Option<u64>,
    pub(crate) rows: Vec<Row>,
}

/// A change of scores that was made.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) key: Text,
    pub(crate) at: u64,
    pub(crate) set: bool,
    pub(crate) scores: Vec<(Text, i64)>,
    pub(crate) sender: Text,
    pub(crate) gift: Option<crate::command::Gift>,
    pub(crate) totals: Points<'static>,
}

/// Everything.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) now: u64,
    pub(crate) lives: Vec<Live>,
    pub(crate) requests: Vec<Request>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) battles: Vec<Battle>,
    pub(crate) table: Table,
    /// How many lives and guests on seats there were so far, all together.
    pub(crate) serials_ever: u32,
    /// The same of these.
    pub(crate) connections_ever: u32,
    pub(crate) battles_ever: usize,
    /// Numbers of the battles that have ended, the first first.
    pub(crate) ended: Vec<usize>,
    /// What was told and not yet looked at.
    pub(crate) said: Vec<Notice<'static>>,
    /// The one rule that is wrong on purpose, if any.
    pub(crate) twist: Option<Twist>,
}

impl Model {
    pub(crate) fn new(now: u64, twist: Option<Twist>) -> Self {
        Self {
            now,
            lives: Vec::new(),
            requests: Vec::new(),
            connections: Vec::new(),
            battles: Vec::new(),
            table: Table::default(),
            serials_ever: 0,
            connections_ever: 0,
            battles_ever: 0,
            ended: Vec::new(),
            said: Vec::new(),
            twist,
        }
    }

    /// One command or question.
    pub(crate) fn ask(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Create(new) => self.create(new),
            Command::Update { live, fields } => self.update(live, fields),
            Command::End { live, by_server } => self.end(live, *by_server),
            Command::Request { live, targets, template, seconds, extension } => {
                self.request(live, targets, *template, *seconds, extension)
            }
            Command::Accept { live, from } => self.accept(live, from),
            Command::Reject { live, from } => self.reject(live, from),
            Command::Cancel { live, to } => self.cancel(live, to),
            Command::Exit(live) => self.leave_by_command(live, Left::Exit),
            Command::KickOut(live) => self.leave_by_command(live, Left::Kicked),
            Command::Layout { live, layout } => self.choose_layout(live, layout),
            Command::CheckLayout { live, layout } => self.check_layout(*live, layout),
            Command::PreviewLayout { live, layout } => self.preview_layout(*live, layout),
            Command::Seat { live, by, ask } => self.seat(live, *by, ask),
            Command::Battle(wish) => self.request_battle(wish),
            Command::AcceptBattle { battle, user } => self.accept_battle(*battle, user),
            Command::RejectBattle { battle, user } => self.reject_battle(*battle, user),
            Command::CancelBattle { battle, users } => self.cancel_battle(*battle, users.as_deref()),
            Command::ExitBattle { battle, user } => self.exit_battle(*battle, user),
            Command::Rematch { battle, user } => self.rematch(*battle, *user),
            Command::Score { battle, key, set, scores, sender } => self.score(*battle, key, *set, scores, sender),
            Command::Gift { battle, key, gift } => self.give(*battle, key, *gift),
            Command::SetGifts(table) => {
                self.table = table.clone();
                Ok(Answer::Done)
            }
            Command::Media { serial, up } => Ok(self.media(*serial, *up)),
            Command::Socket { serial, open } => Ok(self.socket(*serial, *open)),
            question => self.answer(question),
        }
    }

    pub(crate) fn live(&self, id: &str) -> Option<&Live> {
        self.lives.iter().find(|live| live.id == id)
    }

    fn live_mut(&mut self, id: &str) -> &mut Live {
        self.lives.iter_mut().find(|live| live.id == id).expect("looked up before")
    }

    /// The live of that id, or the refusal that there is none.
    fn known(&self, id: Text) -> Allowed<&Live> {
        self.live(id).ok_or(refusal(Case::NoSuchLive, id))
    }

    pub(crate) fn battle(&self, number: usize) -> Option<&Battle> {
        self.battles.iter().find(|battle| battle.number == number)
    }

    fn battle_mut(&mut self, number: usize) -> &mut Battle {
        self.battles.iter_mut().find(|battle| battle.number == number).expect("looked up before")
    }

    pub(crate) fn connection_of(&self, live: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.members.contains(&live))
    }

    /// The lives that share a picture with this one, itself among them.
    pub(crate) fn together(&self, live: Text) -> Vec<Text> {
        self.connection_of(live).map_or_else(|| vec![live], |connection| connection.members.clone())
    }

    /// Tells the clients of these lives, each once.
    fn tell(&mut self, mut lives: Vec<Text>, event: Event<'static>) {
        lives.sort_unstable();
        lives.dedup();
        if !lives.is_empty() {
            self.said.push(Notice { at: self.now, lives, readers: readers(&event), event });
        }
    }
}

/// Requests are between hosts, what concerns one guest is that guest's, everything else is for everybody.
fn readers(event: &Event<'static>) -> Readers<'static> {
    match event {
        Event::RequestReceived { .. }
        | Event::RequestCancelled { .. }
        | Event::RequestAccepted { .. }
        | Event::RequestRejected { .. }
        | Event::RequestTimeout { .. }
        | Event::BattleReceived { .. }
        | Event::BattleCancelled(_)
        | Event::BattleTimeout(_)
        | Event::BattleAccept(_)
        | Event::BattleReject(_)
        | Event::BattleEnded { reason: battles::NEVER_STARTED, .. }
        | Event::Applied(_)
        | Event::ApplicationCancelled { .. }
        | Event::ApplicationProcessed { .. }
        | Event::InvitationResponded { .. } => Readers::Host,
        Event::Invited { wish, .. } => Readers::User(wish.user.id),
        Event::ApplicationResponded { guest, .. }
        | Event::ApplicationNoResponse { guest, .. }
        | Event::InvitationCancelled { guest, .. }
        | Event::InvitationNoResponse { guest, .. }
        | Event::KickedOff { guest, .. }
        | Event::MicrophoneOpened { guest }
        | Event::MicrophoneClosed { guest }
        | Event::CameraOpened { guest }
        | Event::CameraClosed { guest } => Readers::User(guest.id),
        _ => Readers::Everyone,
    }
}

impl Live {
    fn host(&self) -> Host<'static> {
        Host { live: self.id, user: self.owner }
    }
}

fn refusal(case: Case, about: Text) -> Refusal<'static> {
    Refusal { case, about, number: 0 }
}

fn refuse<T>(case: Case, about: Text) -> Allowed<T> {
    Err(refusal(case, about))
}

/// A refusal that names a number too: a seat, a battle, a time.
fn refuse_at<T>(case: Case, about: Text, number: u64) -> Allowed<T> {
    Err(Refusal { case, about, number })
}

/// A battle's number in a refusal.
fn number(battle: usize) -> u64 {
    u64::try_from(battle).expect("few battles")
}

/// Refuses a number outside its limits.
fn within(field: Text, given: u64, least: u64, most: u64) -> Allowed<u64> {
    if given < least || given > most { refuse(Case::Invalid, field) } else { Ok(given) }
}

/// Refuses a text of more bytes than that.
fn short(field: Text, text: Text, most: usize) -> Allowed {
    if text.len() > most { refuse(Case::Invalid, field) } else { Ok(()) }
}
