//! Asking Sentinels for the primary.
//!
//! All are asked at once and the one that knows of the latest failover is believed: a Sentinel that was cut off
//! together with a former primary goes on naming it.

mod switch;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, Pipeline, RedisConnectionInfo, RedisError, Value,
    from_redis_value,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    server::{ALLOWED, Server},
    trust::{Trust, place},
};
use crate::broker::redis::failure::Failure;

/// For the answers of all Sentinels.
const ASK: Duration = Duration::from_secs(1);

/// How long the others are waited for when one has answered.
const GRACE: Duration = Duration::from_millis(250);

/// The port of a Sentinel that is named without one.
const PORT: u16 = 26379;

/// The Sentinels of one primary.
#[derive(Debug)]
pub(in super::super) struct Sentinels {
    places: Vec<(String, Client)>,
    /// What they call the primary.
    primary: String,
    /// How to log in to it.
    login: RedisConnectionInfo,
    /// Whether Sentinels and servers are spoken to in TLS, and whom to believe then.
    tls: bool,
    trust: Trust,
    latest: Mutex<Option<Named>>,
}

/// What a Sentinel says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    host: String,
    port: u16,
    /// Grows with each failover.
    epoch: u64,
}

impl Sentinels {
    /// `None`: this is the URL of something else. Otherwise
    /// `redis+sentinel://[user:password@]host[:port][,…]/NAME[/database][?sentinel_user=…&sentinel_password=…]`, or
    /// the same with `rediss` for TLS.
    pub(super) fn parse(url: &str, trust: &Trust) -> Option<Result<Self, String>> {
        let (scheme, rest) = url.split_once("+sentinel://")?;
        let tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return None,
        };
        Some(Self::parse_rest(rest, tls, trust).map_err(|what| format!("{ALLOWED} ({what})")))
    }

    fn parse_rest(rest: &str, tls: bool, trust: &Trust) -> Result<Self, String> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, places) = authority.rsplit_once('@').unwrap_or(("", authority));
        // A password that is not percent-encoded ends up here in part, and everything from here on is shown to people.
        if path.contains(['@', '#']) || query.contains(['@', '#']) {
            return Err("what is special in a user or a password must be percent-encoded".to_owned());
        }
        let (primary, database) = path.split_once('/').unwrap_or((path, ""));
        let primary = decode(primary)?;
        if primary.is_empty() {
            return Err("the name of the primary is missing".to_owned());
        }
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let mut login = login(&decode(user)?, &decode(password)?);
        if !database.is_empty() {
            let number = database.parse::<u32>().map_err(|_| "the database is no number".to_owned())?;
            login = login.set_db(number.into());
        }
        let (mut user, mut password) = (String::new(), String::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sentinel_user", value)) => user = decode(value)?,
                Some(("sentinel_password", value)) => password = decode(value)?,
                _ => {
                    return Err("after ? there may be sentinel_user and sentinel_password only".to_owned());
                }
            }
        }
        let mut listed = Vec::new();
        for (index, place) in places.split(',').enumerate() {
            let bad = || format!("Sentinel number {} is no host:port", index + 1);
            let (host, port) = place_of(place).ok_or_else(bad)?;
            let info =
                self::place(&host, port, tls).into_connection_info().map_err(|error| error.to_string())?;
            let info = info.set_redis_settings(self::login(&user, &password).set_skip_set_lib_name());
            listed.push((place.to_owned(), trust.client(info).map_err(|error| error.to_string())?));
        }
        Ok(Self { places: listed, primary, login, tls, trust: trust.clone(), latest: Mutex::default() })
    }

    /// Whether Sentinels and servers are spoken to in TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }

    /// The primary, as the Sentinels that answer know it.
    pub(super) async fn find(&self) -> Result<Server, Failure> {
        let named = self.ask().await?;
        let name = format!("{}:{}", named.host, named.port);
        let place = place(&named.host, named.port, self.tls);
        let info = place.into_connection_info().map_err(|error| bad(&name, &error))?;
        let info = info.set_redis_settings(self.login.clone());
        let client = self.trust.client(info).map_err(|error| bad(&name, &error))?;
        let epoch = Some(named.epoch);
        *self.latest() = Some(named);
        Ok(Server { client, name: name.into(), epoch })
    }

    /// See [`Address::left`](super::Address::left).
    pub(super) fn left(&self, server: &Server) -> bool {
        self.latest().as_ref().is_some_and(|named| named.follows(server))
    }

    /// See [`Address::confirm`](super::Address::confirm).
    pub(super) async fn confirm(&self, server: &Server) -> Result<(), Failure> {
        match self.ask().await {
            Ok(named) if named.follows(server) => {
                let reason = format!("Sentinel names another primary, {}:{}", named.host, named.port);
                *self.latest() = Some(named);
                Err(Failure::Broken(reason))
            }
            Ok(_) => Ok(()),
            Err(failure) => {
                tracing::debug!(%failure, "the Sentinels cannot be asked");
                Ok(())
            }
        }
    }

    async fn ask(&self) -> Result<Named, Failure> {
        let mut asking: FuturesUnordered<_> = self
            .places
            .iter()
            .map(|(place, client)| async move {
                let answer = timeout(ASK, ask(client, &self.primary)).await;
                answer.unwrap_or_else(|_| Err("no answer in time".to_owned())).map_err(|why| (place, why))
            })
            .collect();
        let (mut best, mut refusal) = (None::<Named>, None);
        let mut deadline = Instant::now() + ASK;
        while let Ok(Some(answer)) = timeout_at(deadline, asking.next()).await {
            match answer {
                Ok(named) => {
                    if best.as_ref().is_none_or(|best| best.epoch < named.epoch) {
                        best = Some(named);
                    }
                    deadline = deadline.min(Instant::now() + GRACE);
                }
                Err(why) => refusal = Some(why),
            }
        }
        best.ok_or_else(|| {
            let why = refusal
                .map_or_else(|| "none answers in time".to_owned(), |(place, why)| format!("{place}: {why}"));
            Failure::Down(format!("no Sentinel names the primary {:?} ({why})", self.primary))
        })
    }

    fn latest(&self) -> MutexGuard<'_, Option<Named>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Named {
    /// Whether it became primary after that one.
    fn follows(&self, server: &Server) -> bool {
        server.epoch.is_some_and(|epoch| self.epoch > epoch)
            && *server.name != *format!("{}:{}", self.host, self.port)
    }
}

/// One Sentinel's answer.
async fn ask(client: &Client, primary: &str) -> Result<Named, String> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(ASK)).set_response_timeout(Some(ASK));
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let mut connection = connecting.await.map_err(|error| error.to_string())?;
    let mut ask = Pipeline::new();
    ask.cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(primary);
    ask.cmd("SENTINEL").arg("MASTER").arg(primary).ignore_errors();
    let answers: Vec<Value> = ask.query_async(&mut connection).await.map_err(|error| error.to_string())?;
    named(answers)
}

/// Where the primary is, and, from its description, how many failovers there were.
fn named(answers: Vec<Value>) -> Result<Named, String> {
    let mut answers = answers.into_iter();
    let place = match answers.next() {
        Some(Value::Nil) | None => return Err("it watches no primary of that name".to_owned()),
        Some(Value::ServerError(error)) => return Err(RedisError::from(error).to_string()),
        Some(place) => from_redis_value::<(String, u16)>(place).map_err(|error| error.to_string())?,
    };
    let about = answers.next().and_then(|about| from_redis_value::<Vec<String>>(about).ok());
    let epoch = about.unwrap_or_default().chunks(2).find_map(|pair| match pair {
        [name, value] if name == "config-epoch" => value.parse().ok(),
        _ => None,
    });
    Ok(Named { host: place.0, port: place.1, epoch: epoch.unwrap_or(0) })
}

fn login(user: &str, password: &str) -> RedisConnectionInfo {
    let mut login = RedisConnectionInfo::default();
    if !user.is_empty() {
        login = login.set_username(user);
    }
    if !password.is_empty() {
        login = login.set_password(password);
    }
    login
}

/// `host`, `host:port`, `[address]` or `[address]:port`
fn place_of(place: &str) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return None;
    }
    let port = port.map_or(Some(PORT), |port| port.parse().ok())?;
    Some((host.to_owned(), port))
}

fn decode(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| "what is percent-encoded is no UTF-8".to_owned())
}

fn bad(name: &str, error: &RedisError) -> Failure {
    Failure::Down(format!("Sentinel names {name}, which cannot be used: {error}"))
}

#[cfg(test)]
mod tests;
