//! A reader of a live's events.

use futures_util::StreamExt as _;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Why events cannot be read.
#[derive(Debug, Error)]
pub enum EventError {
    /// No connection, no upgrade, or it broke.
    #[error("the event socket: {0}")]
    Broken(Box<tungstenite::Error>),
    /// The server said goodbye.
    #[error("the server closed the event socket: {0}")]
    Closed(String),
}

/// An open event socket. Its pings are answered while it is read.
#[derive(Debug)]
pub struct EventSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl EventSocket {
    /// Opens the socket at a ws:// address, with its token in the query.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn open(url: &str) -> Result<Self, EventError> {
        let (socket, _) = connect_async(url).await.map_err(broken)?;
        Ok(Self(socket))
    }

    /// The next message, JSON as it came; the first is the snapshot.
    ///
    /// # Errors
    /// When there will be none.
    pub async fn next(&mut self) -> Result<String, EventError> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map(|frame| frame.reason.as_str().to_owned());
                    return Err(EventError::Closed(reason.unwrap_or_default()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Err(broken(error)),
                None => return Err(EventError::Closed(String::new())),
            }
        }
    }
}

fn broken(error: tungstenite::Error) -> EventError {
    EventError::Broken(Box::new(error))
}
