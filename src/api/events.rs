//! `GET /v1/lives/{liveId}/events`: the event socket.
//!
//! ```text
//! server ──▶ {"type":"snapshot","epoch":"…","seq":40,"serverTime":…,"data":{…}}      or, with ?epoch=&after=, what was missed
//! server ──▶ {"seq":41,"type":"onBattleScoreChanged","serverTime":…,"data":{…}} …
//! server ──▶ ping each 5 s; two without an answer end the socket
//! ```
//! Clients send nothing but pongs. Numbers may skip for viewers: what passes between hosts is not theirs,
//! nor what concerns another guest alone.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use costage_media::forward::FeedId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::auth::from_subprotocols;
use super::cases::Case;
use super::may::Watching;
use super::openapi::{Answers, Sketch};
use super::problem::Problem;
use super::query::StrictQuery;
use super::refusals::BUSY_SECONDS;
use super::state::{ApiState, SocketPlace, Stage};
use crate::engine::{CutOff, First, Notice, Resume, Subscription};
use crate::live::answer::LiveSnapshot;
use crate::live::event::Audience;
use crate::live::{Refusal, UserId, WallMs};

/// `?epoch=&after=` of a client that was here before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// Of the last message seen; goes with `after`.
    #[schemars(example = &"0199d3a57c00")]
    epoch: Option<String>,
    /// The `seq` of the last message seen; goes with `epoch`.
    #[schemars(example = 41)]
    after: Option<u64>,
    #[serde(default, rename = "token")]
    #[schemars(skip)]
    _token: Option<String>,
}

pub(super) async fn socket(
    State(state): State<ApiState>,
    viewer: Watching,
    StrictQuery(from): StrictQuery<From>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Upgraded, Problem> {
    let resume = resume(from)?;
    let upgrade = upgrade.map_err(|_| {
        Problem::new(Case::UpgradeRequired, "this address takes a WebSocket: connect with ws:// or wss://")
    })?;
    let (insider, user) = (viewer.insider, viewer.user.clone());
    let (owner, feed) = (viewer.owner, viewer.info.feed);
    let place = state.sockets.take(insider).ok_or_else(|| {
        let detail = "the server has as many event sockets as it may (limits.event_sockets; some are kept for hosts and \
                      admins); try again, or raise the limit";
        Problem::new(Case::Overloaded, detail).retry_after(BUSY_SECONDS)
    })?;
    let subscription = subscribe(&state, viewer.live(), resume).await?;
    let teller = Teller { insider, user, host_of: owner.then_some(feed), state, _place: place };
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    let upgrade = upgrade.write_buffer_size(0).max_write_buffer_size(WRITE_BYTES_MAX);
    // A browser that offered protocols wants one of them chosen.
    let bearer_protocol = from_subprotocols(&headers).map(|token| format!("bearer.{token}"));
    let upgrade = upgrade.protocols(["costage".to_owned()].into_iter().chain(bearer_protocol));
    Ok(Upgraded(upgrade.on_upgrade(move |socket| teller.tell(socket, subscription))))
}

/// 101.
pub(super) struct Upgraded(Response);

impl IntoResponse for Upgraded {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Answers for Upgraded {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answer(101, "The socket is open.");
        sketch.first_message::<SnapshotOut<'static>>(json!({
            "subprotocols": ["costage", "bearer.TOKEN"],
            "pingSeconds": PING_EVERY.as_secs(),
            "closeCodes": {
                "1000": "The live has ended; its last event came before.",
                "1001": "The server is shutting down.",
                "1008": "The reader did not keep up, answered no pings, or sent messages of its own; the reason says which.",
                "1009": format!("A message of more than {MESSAGE_BYTES_MAX} bytes was sent."),
            },
        }));
    }
}

fn resume(from: From) -> Result<Option<Resume>, Problem> {
    match (from.epoch, from.after) {
        (None, None) => Ok(None),
        (Some(epoch), Some(after)) => Ok(Some(Resume { epoch, after })),
        (Some(_), None) | (None, Some(_)) => {
            Err(Problem::new(Case::BadRequest, "`epoch` and `after` go together: both from the last message seen"))
        }
    }
}

async fn subscribe(
    state: &ApiState,
    live: crate::live::LiveId,
    resume: Option<Resume>,
) -> Result<Subscription, Problem> {
    let (reply, answer) = oneshot::channel();
    state.control.subscribe(live, resume, Box::new(move |result| drop(reply.send(result))));
    answer.await.unwrap_or(Err(Refusal::Closing)).map_err(Problem::from)
}

/// The first message of a new reader: everything that is needed to draw the live from nothing.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Snapshot")]
struct SnapshotOut<'a> {
    /// Always "snapshot".
    #[schemars(extend("const" = "snapshot"))]
    r#type: &'static str,
    /// Names this life of the live; other numbers after a restart.
    #[schemars(example = &"0199d3a57c00")]
    epoch: &'a str,
    /// The number of the last event that the snapshot covers.
    #[schemars(example = 40)]
    seq: u64,
    /// The server's time.
    server_time: WallMs,
    /// The live and all around it.
    data: &'a LiveSnapshot,
}

/// One client's side of the socket.
struct Teller {
    insider: bool,
    user: Option<UserId>,
    /// The live whose host reads.
    host_of: Option<FeedId>,
    state: ApiState,
    _place: SocketPlace,
}

/// Why a socket ends, as its close frame says (RFC 6455 §7.4.1).
struct End {
    code: u16,
    reason: String,
}

impl End {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl Teller {
    async fn tell(self, mut socket: WebSocket, mut subscription: Subscription) {
        metrics::gauge!("costage_event_sockets").increment(1.0);
        let hosts = &self.state.sockets.hosts;
        let present = self.host_of.map(|feed| hosts.open(&self.state.control, feed));
        let end = match self.begin(&mut socket, &mut subscription).await {
            Ok(()) => self.follow(&mut socket, &mut subscription).await,
            Err(end) => end,
        };
        metrics::gauge!("costage_event_sockets").decrement(1.0);
        // The host is away from now on, however long the parting below takes.
        drop(present);
        if let Some(End { code, reason }) = end {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // The peer may be gone already; it is gone in any case after this.
            let _ = timeout(SEND_MAX, socket.send(close)).await;
            // What the client still sends is read and thrown away until it hangs up: with unread bytes the system would
            // reset the connection, and the reason would be lost on the way.
            let _ = timeout(GOODBYE_MAX, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
        }
    }

    async fn begin(&self, socket: &mut WebSocket, subscription: &mut Subscription) -> Result<(), Option<End>> {
        match &mut subscription.first {
            First::Snapshot(snapshot) => {
                if !self.insider {
                    snapshot.co_host.hide_invitations();
                    snapshot.seat_requests.keep_only(self.user.as_ref());
                    snapshot.battle_request = None;
                }
                snapshot.live.viewer_count = self.state.viewers.of(snapshot.live.feed);
                let first = SnapshotOut {
                    r#type: "snapshot",
                    epoch: &subscription.epoch,
                    seq: subscription.seq,
                    server_time: subscription.server_time,
                    data: snapshot,
                };
                let text = serde_json::to_string(&first).expect("a snapshot is maps with text keys, numbers and text");
                send(socket, text).await
            }
            First::Missed(notices) => {
                for notice in notices.iter().filter(|notice| self.may_read(notice)) {
                    send(socket, notice.json().to_owned()).await?;
                }
                Ok(())
            }
        }
    }

    fn may_read(&self, notice: &Notice) -> bool {
        match notice.event.audience() {
            Audience::Everyone => true,
            Audience::Host => self.insider,
            Audience::User(user) => self.insider || self.user.as_ref() == Some(&user),
        }
    }

    /// Until the end; `None` when the peer is gone.
    async fn follow(&self, socket: &mut WebSocket, subscription: &mut Subscription) -> Option<End> {
        let mut ping = pings();
        let (mut unanswered, mut heard) = (0, 0);
        loop {
            tokio::select! {
                notice = subscription.reader.next() => match notice {
                    Ok(notice) if self.may_read(&notice) => {
                        if let Err(end) = send(socket, notice.json().to_owned()).await {
                            return end;
                        }
                    }
                    Ok(_) => {}
                    Err(cut) => return Some(cut_off(cut)),
                },
                message = socket.recv() => match message {
                    Some(Ok(Message::Pong(_))) => unanswered = 0,
                    Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_))) => {
                        heard += 1;
                        if heard > HEARD_MAX {
                            return Some(End::new(close_code::POLICY, "clients send nothing on this socket"));
                        }
                    }
                    Some(Ok(Message::Close(_))) => {
                        // Its answer (RFC 6455 §5.5.1) waits in the socket, and leaves when that is read on to its end.
                        drop(timeout(SEND_MAX, socket.recv()).await);
                        return None;
                    }
                    None => return None,
                    Some(Err(error)) => return unreadable(&error),
                },
                _ = ping.tick() => {
                    if unanswered >= PINGS_MISSED_MAX {
                        return Some(End::new(close_code::POLICY, "two pings were not answered"));
                    }
                    (unanswered, heard) = (unanswered + 1, 0);
                    if timeout(SEND_MAX, socket.send(Message::Ping(Vec::new().into()))).await.is_err() {
                        return None;
                    }
                },
                () = self.state.going.reached(Stage::Closing) => return Some(cut_off(CutOff::Closing)),
            }
        }
    }
}

fn pings() -> Interval {
    let mut ping = interval(PING_EVERY);
    // The first is no greeting: it would fall into whatever a client sends at once.
    ping.reset();
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping
}

async fn send(socket: &mut WebSocket, text: String) -> Result<(), Option<End>> {
    match timeout(SEND_MAX, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        // Gone, or not reading: a close frame would wait behind what it does not read.
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

fn cut_off(cut: CutOff) -> End {
    let code = match cut {
        CutOff::Slow => close_code::POLICY,
        CutOff::LiveEnded => close_code::NORMAL,
        CutOff::Closing => close_code::AWAY,
    };
    End::new(code, cut.to_string())
}

/// What could not be read was too large, or no WebSocket at all.
fn unreadable(error: &axum::Error) -> Option<End> {
    tracing::debug!(%error, "an event socket could not be read");
    let reason = format!("messages may have at most {MESSAGE_BYTES_MAX} bytes");
    error.to_string().contains("too long").then(|| End::new(close_code::SIZE, reason))
}

/// How long a closed socket is listened to for the client's own close frame.
const GOODBYE_MAX: Duration = Duration::from_secs(1);
/// Between pings. They find clients that are gone; with a host's media they decide whether the host is there.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Unanswered pings that end a socket.
const PINGS_MISSED_MAX: u32 = 2;
/// Longest wait for a client that does not read.
const SEND_MAX: Duration = Duration::from_secs(10);
/// Messages of a client between two pings. None is wanted; a few keep-alives of frameworks are borne.
const HEARD_MAX: u32 = 10;
/// Largest message of a client, bytes; the library's own limit is 64 MiB.
const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// Bytes that may wait for a client inside the socket; a snapshot has about 5 kB, one of 9 lives with 50 taken seats each
/// about 100 kB; the largest that names and texts of control characters, escaped, can make it has 3.5 MB.
const WRITE_BYTES_MAX: usize = 4 * 1024 * 1024;
