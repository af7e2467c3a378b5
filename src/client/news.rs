//! What a peer connection of the crate tells, as values to wait for.

use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState};

/// What has been told so far.
pub struct News {
    /// Where the connection stands.
    pub state: watch::Receiver<RTCPeerConnectionState>,
    /// Whether all candidates are in the local description.
    pub gathered: watch::Receiver<bool>,
    /// The peer's video, once its first packet has come.
    pub video: watch::Receiver<Option<Arc<dyn TrackRemote>>>,
}

/// The crate's handler of events.
pub struct Teller {
    state: watch::Sender<RTCPeerConnectionState>,
    gathered: watch::Sender<bool>,
    video: watch::Sender<Option<Arc<dyn TrackRemote>>>,
}

/// A handler for one connection, and what it will tell.
#[must_use]
pub fn news() -> (Teller, News) {
    let (state, state_out) = watch::channel(RTCPeerConnectionState::New);
    let (gathered, gathered_out) = watch::channel(false);
    let (video, video_out) = watch::channel(None);
    let news = News { state: state_out, gathered: gathered_out, video: video_out };
    (Teller { state, gathered, video }, news)
}

/// Whether a connection in this state has ended for good.
#[must_use]
pub fn is_over(state: RTCPeerConnectionState) -> bool {
    matches!(state, RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed)
}

/// A future as the crate's `async_trait` methods return it.
type Answering<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl PeerConnectionEventHandler for Teller {
    fn on_ice_gathering_state_change<'life0, 'async_trait>(
        &'life0 self,
        state: RTCIceGatheringState,
    ) -> Answering<'async_trait>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        self.gathered.send_if_modified(|gathered| {
            *gathered |= state == RTCIceGatheringState::Complete;
            *gathered
        });
        Box::pin(std::future::ready(()))
    }

    fn on_connection_state_change<'life0, 'async_trait>(
        &'life0 self,
        state: RTCPeerConnectionState,
    ) -> Answering<'async_trait>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        self.state.send_replace(state);
        Box::pin(std::future::ready(()))
    }

    fn on_track<'life0, 'async_trait>(&'life0 self, track: Arc<dyn TrackRemote>) -> Answering<'async_trait>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            if track.kind().await == RtpCodecKind::Video {
                self.video.send_replace(Some(track));
            }
        })
    }
}
