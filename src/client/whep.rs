//! A viewer: plays a feed over WHEP.

use super::chain::Way;
use super::receiving::{Audience, Receiving, ViewerFigures};
use super::session::{Draft, Ears, OpenError, Session};
use super::tap::Heard;
use crate::engine::Clock;
use costage_media::codec::{openh264, opus};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use thiserror::Error;

/// Why a viewer does not see anything.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The session did not come to be.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The system gave no thread.
    #[error("no thread to decode on: {0}")]
    Thread(#[from] std::io::Error),
}

/// A connected viewer. [`Viewer::close`] it: a dropped one is found dead by the server after seconds only.
#[must_use = "a viewer that is dropped does not say goodbye"]
pub struct Viewer {
    session: Session,
    figures: Arc<Mutex<ViewerFigures>>,
    decoding: thread::JoinHandle<()>,
}

impl Viewer {
    /// Plays `endpoint` (`…/whep/{liveId}`) to `audience`, on a thread of its own so that decoding holds up no timer.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses (409: nothing is live), or no media connection comes about.
    pub async fn watch(
        endpoint: &str,
        token: Option<&str>,
        clock: Arc<dyn Clock>,
        audience: Box<dyn Audience>,
    ) -> Result<Self, WatchError> {
        let draft = Draft::new(endpoint, Way::In).await?;
        for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
            let direction = RTCRtpTransceiverDirection::Recvonly;
            let receive = RTCRtpTransceiverInit { direction, streams: vec![], send_encodings: vec![] };
            draft.peer.add_transceiver_from_kind(kind, Some(receive)).await.map_err(OpenError::from)?;
        }
        let decoder = openh264::Decoder::new();
        let sound = opus::Decoder::new();
        let receiving = Receiving::new(Box::new(decoder), Box::new(sound));
        let (session, ears) = draft.open(endpoint, token).await?;
        let figures = Arc::new(Mutex::new(ViewerFigures::default()));
        let seat = Seat { receiving, audience, figures: Arc::clone(&figures), clock };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let decoding =
            thread::Builder::new().name("viewer".to_owned()).spawn(move || runtime.block_on(seat.run(ears)))?;
        Ok(Self { session, figures, decoding })
    }

    /// What it has seen so far.
    #[must_use]
    pub fn figures(&self) -> ViewerFigures {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves: DELETE, then close_notify; the audience has been dropped when this returns.
    pub async fn close(self) {
        self.session.close().await;
        let decoding = self.decoding;
        // The thread ends with the peer connection, which held the other end of its channel.
        if tokio::task::spawn_blocking(move || decoding.join()).await.is_err() {
            tracing::warn!("viewer thread did not end");
        }
    }
}

/// Where a viewer sits and watches.
struct Seat {
    receiving: Receiving,
    audience: Box<dyn Audience>,
    figures: Arc<Mutex<ViewerFigures>>,
    clock: Arc<dyn Clock>,
}

impl Seat {
    async fn run(mut self, mut ears: Ears) {
        loop {
            let due = self.receiving.poll_timeout();
            let asleep = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                heard = ears.heard.recv() => match heard {
                    Some(heard) => self.hear(heard),
                    None => return,
                },
                () = asleep => self.receiving.handle_timeout(self.clock.now(), &mut *self.audience),
            }
            *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = self.receiving.figures();
            if let Some(ssrc) = self.receiving.poll_keyframe_wanted() {
                ask_for_keyframe(&ears, ssrc).await;
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Rtp(packet) => self.receiving.handle_rtp(packet, &mut *self.audience),
            Heard::Report { ssrc, ntp, timestamp } => self.receiving.handle_report(ssrc, ntp, timestamp),
            Heard::KeyframeWanted => {}
        }
    }
}

async fn ask_for_keyframe(ears: &Ears, ssrc: u32) {
    // Without the track nothing has arrived yet, and the first frame of a feed is a keyframe anyway.
    let Some(track) = ears.remote_video.borrow().clone() else { return };
    let request = PictureLossIndication { sender_ssrc: 0, media_ssrc: ssrc };
    if let Err(error) = track.write_rtcp(vec![Box::new(request)]).await {
        tracing::debug!(%error, "keyframe not asked for");
    }
}
