//! The emergency user: one IAM user in the management account, with a second factor, tried out every four weeks.

use std::sync::Arc;

use doorward_model::time::Millis;

use crate::calls::{read, write};
use crate::client;
use crate::day::{Log, Outcome, Pen, Place, whole_seconds};
use crate::organisation::Organisation;
use crate::random::{Random, Stream};
use crate::record::{Caller, Detail, EventType, Who};
use crate::session::{self, unique_id};

/// Its name.
pub(crate) const EMERGENCY_USER: &str = "break-glass";

impl Organisation {
    /// On one day in four weeks somebody signs in as the emergency user, looks whether it works, and leaves.
    pub(crate) fn drill(&self, day: u32, log: &mut Log) {
        let mut random = Random::of(self.plan.seed, Stream::Day, &[0xd1, u64::from(day / 28)]);
        if u64::from(day % 28) != random.below(28) {
            return;
        }
        let account = self.account_at(0);
        let mut pen = Pen::new(log, self.plan.seed, &[0xd1, u64::from(day)]);
        let minute = i64::try_from(540 + random.below(420)).unwrap_or_default();
        let at = whole_seconds(self.plan.day_start(day) + Millis::MINUTE.times(minute));
        let place = Place { account: Arc::clone(&account.id), region: "us-east-1", stem: "portal".into() };
        let key = unique_id("ASIA", self.plan.seed, Stream::Session, &[0xd1, u64::from(day)]);
        let user = session::user(&account.id, EMERGENCY_USER, &self.emergency_id(), &key);
        let context = format!(
            r#","sessionContext":{{"attributes":{{"creationDate":"{at}","mfaAuthenticated":"true"}}}}}}"#
        );
        let who = match user.who {
            Who::Said { user_identity, arn } => {
                let before = user_identity.trim_end_matches('}');
                Who::Said { user_identity: format!("{before}{context}"), arn }
            }
            Who::Session(session) => Who::Session(session),
        };
        let caller = Caller { who, address: "198.18.0.9".into(), agent: client::browser(1).into(), ..user };
        let signing_in = Arc::new(caller.clone());
        let inside = Arc::new(Caller { console: true, ..caller });
        let detail = Detail {
            response: Some(r#"{"ConsoleLogin":"Success"}"#.into()),
            additional: Some(
                r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"Yes"}"#.into(),
            ),
            event_type: EventType::ConsoleSignIn,
            ..Detail::default()
        };
        pen.write_full(at, (&place, &signing_in), write("signin", "ConsoleLogin", ""), Outcome::with(detail));
        for (second, call) in [
            (8, read("iam", "GetAccountSummary", "")),
            (20, read("organizations", "DescribeOrganization", "")),
            (45, read("iam", "ListMFADevices", r#"{"userName":"break-glass"}"#)),
        ] {
            pen.write(at + Millis::SECOND.times(second), (&place, &inside), call);
        }
    }

    /// Its unique id.
    pub(crate) fn emergency_id(&self) -> String {
        unique_id("AIDA", self.plan.seed, Stream::UniqueId, &[0xd1, 0xd1])
    }
}
