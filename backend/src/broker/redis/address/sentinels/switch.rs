//! Hearing from Sentinels, rather than asking them, that another server has become the primary.

use std::{future::pending, time::Duration};

use ::redis::{Client, RedisError};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{sleep, timeout};

use super::{ASK, Sentinels, Server};
use crate::broker::redis::failure::Failure;

/// What Sentinels announce a new primary on: `<name> <old host> <old port> <new host> <new port>`.
const SWITCH: &str = "+switch-master";

/// Between two tries to listen to one that does not answer.
const AGAIN: Duration = Duration::from_secs(5);

impl Sentinels {
    /// Listens to all of them and ends when another server has followed this one. What is announced is not believed:
    /// it is the moment to ask all of them. What is announced while one cannot be heard, the next probe asks for.
    pub(in super::super) async fn replaced(&self, server: &Server) -> Failure {
        let mut listening: FuturesUnordered<_> =
            self.places.iter().map(|(place, client)| self.listen(place, client, server)).collect();
        match listening.next().await {
            Some(failure) => failure,
            None => pending().await,
        }
    }

    async fn listen(&self, place: &str, client: &Client, server: &Server) -> Failure {
        loop {
            match self.hear(client, server).await {
                Ok(Some(failure)) => return failure,
                Ok(None) => {}
                Err(error) => tracing::debug!(place, %error, "a Sentinel cannot be listened to"),
            }
            sleep(AGAIN).await;
        }
    }

    /// Until the connection ends, or the server was replaced.
    async fn hear(&self, client: &Client, server: &Server) -> Result<Option<Failure>, RedisError> {
        let opening = async {
            let mut connection = client.get_async_pubsub().await?;
            connection.subscribe(SWITCH).await?;
            Ok::<_, RedisError>(connection.into_on_message())
        };
        let Ok(opened) = timeout(2 * ASK, opening).await else { return Ok(None) };
        let mut announced = opened?;
        while let Some(message) = announced.next().await {
            let of_ours = names(message.get_payload_bytes(), &self.primary);
            if of_ours && let Err(failure) = self.confirm(server).await {
                return Ok(Some(failure));
            }
        }
        Ok(None)
    }
}

/// Whether an announcement is about this primary.
pub(super) fn names(announcement: &[u8], primary: &str) -> bool {
    let rest = announcement.strip_prefix(primary.as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b" ") && rest.split(|byte| *byte == b' ').count() == 5)
}
