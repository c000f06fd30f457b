//! How SET sets.

use std::time::{Duration, SystemTime};

use redis::{
    ExistenceCheck, FieldExistenceCheck, HashFieldExpirationOptions, RedisWrite, SetExpiry, ToRedisArgs,
};

use crate::keyspace::life;

/// When SET sets, and how long what it sets lives: always and for ever, unless it is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetOptions {
    condition: Option<ExistenceCheck>,
    life: Option<SetExpiry>,
}

impl SetOptions {
    /// Always and for ever.
    #[must_use]
    pub const fn new() -> Self {
        Self { condition: None, life: None }
    }

    /// NX: only if there is nothing yet.
    #[must_use]
    pub const fn if_missing(mut self) -> Self {
        self.condition = Some(ExistenceCheck::NX);
        self
    }

    /// XX: only if there is something already.
    #[must_use]
    pub const fn if_there(mut self) -> Self {
        self.condition = Some(ExistenceCheck::XX);
        self
    }

    /// PX: it lives for so long. Nothing at all is refused by the server.
    #[must_use]
    pub fn expires_in(mut self, ttl: Duration) -> Self {
        self.life = Some(SetExpiry::PX(life::millis(ttl)));
        self
    }

    /// PXAT: it lives until then, by the server's clock.
    #[must_use]
    pub fn expires_at(mut self, at: SystemTime) -> Self {
        self.life = Some(SetExpiry::PXAT(life::unix_millis(at)));
        self
    }

    /// KEEPTTL: it lives as long as what was there would have.
    #[must_use]
    pub const fn keeps_ttl(mut self) -> Self {
        self.life = Some(SetExpiry::KEEPTTL);
        self
    }

    /// The same said of a hash's fields.
    pub(in crate::keyspace) fn of_fields(self) -> HashFieldExpirationOptions {
        let mut options = HashFieldExpirationOptions::default();
        options = match self.condition {
            Some(ExistenceCheck::NX) => options.set_existence_check(FieldExistenceCheck::FNX),
            Some(_) => options.set_existence_check(FieldExistenceCheck::FXX),
            None => options,
        };
        match self.life {
            Some(life) => options.set_expiration(life),
            None => options,
        }
    }
}

impl ToRedisArgs for SetOptions {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        self.condition.write_redis_args(out);
        self.life.write_redis_args(out);
    }
}
