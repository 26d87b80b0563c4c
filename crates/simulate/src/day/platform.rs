//! What AWS itself does in an account all day: service principals, service-linked roles, its own back ends.

use std::sync::Arc;

use doorward_model::time::Millis;

use crate::calls::{Call, read, write};
use crate::day::machine::ASSUME;
use crate::day::{Log, Outcome, Pen, Place};
use crate::organisation::{Account, Organisation};
use crate::random::{Random, Stream, letters, nth};
use crate::record::{Caller, Detail, EventType};
use crate::session::{self, Session, unique_id};

/// A service with a role of its own in every account.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Linked {
    /// The service.
    pub(crate) service: &'static str,
    /// Its role.
    pub(crate) role: &'static str,
    /// What its sessions say of who is behind them.
    beside: &'static str,
    /// What it does there.
    calls: &'static [Call],
}

/// The services with roles of their own.
pub(crate) const LINKED: [Linked; 4] = [
    Linked {
        service: "config",
        role: "AWSServiceRoleForConfig",
        beside: r#","invokedBy":"config.amazonaws.com""#,
        calls: &[
            read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
            read("s3", "GetBucketPolicy", r#"{"bucketName":"$r-$a","policy":""}"#),
            read("iam", "GetRole", r#"{"roleName":"$r-fn"}"#),
            read("lambda", "GetPolicy20150331v2", r#"{"functionName":"$r"}"#),
            read("kms", "GetKeyPolicy", r#"{"keyId":"$h","policyName":"default"}"#),
        ],
    },
    Linked {
        service: "autoscaling",
        role: "AWSServiceRoleForAutoScaling",
        beside: r#","invokedBy":"autoscaling.amazonaws.com""#,
        calls: &[
            read(
                "ec2",
                "DescribeInstanceStatus",
                r#"{"instancesSet":{},"filterSet":{},"includeAllInstances":false}"#,
            ),
            write(
                "ec2",
                "RunInstances",
                r#"{"instancesSet":{"items":[{"imageId":"ami-$h","minCount":1,"maxCount":1}]},"instanceType":"m7g.large"}"#,
            ),
            write("ec2", "TerminateInstances", r#"{"instancesSet":{"items":[{"instanceId":"i-$h"}]}}"#),
        ],
    },
    Linked {
        service: "guardduty",
        role: "AWSServiceRoleForAmazonGuardDuty",
        beside: r#","invokedBy":"guardduty.amazonaws.com""#,
        calls: &[
            read("ec2", "DescribeImages", r#"{"imagesSet":{}}"#),
            read("organizations", "DescribeAccount", r#"{"accountId":"$a"}"#),
        ],
    },
    Linked {
        service: "securityhub",
        role: "AWSServiceRoleForSecurityHub",
        beside: r#","invokedBy":"securityhub.amazonaws.com""#,
        calls: &[
            read("iam", "GetAccountPasswordPolicy", ""),
            read("cloudtrail", "DescribeTrails", ""),
            read("iam", "ListUsers", ""),
        ],
    },
];

impl Organisation {
    /// Writes what AWS does by itself in an account on a day.
    pub(crate) fn platform_day(&self, account: &Account, day: u32, log: &mut Log) {
        let parts = [u64::from(account.index), u64::from(day), 0x5e];
        let mut random = Random::of(self.plan.seed, Stream::Day, &parts);
        let mut pen = Pen::new(log, self.plan.seed, &parts);
        let records = self.plan.noise.service_records;
        for _ in 0..records / 5 {
            let offset = i64::try_from(random.below(86_000_000)).unwrap_or_default();
            let at = self.plan.day_start(day) + Millis(offset);
            let region = nth(&account.regions, random.bits());
            let stem = crate::words::application(u32::try_from(random.below(20)).unwrap_or_default());
            let place = Place { account: Arc::clone(&account.id), region, stem: stem.into() };
            match random.below(4) {
                0 => log_delivery(at, &place, &mut pen),
                1 => inside(self, at, &place, &mut pen),
                _ => self.linked(account, (at, nth(&LINKED, random.bits())), &place, &mut pen),
            }
        }
    }

    /// A service takes its role and looks around.
    fn linked(
        &self,
        account: &Account,
        (at, linked): (doorward_model::time::Time, Linked),
        place: &Place,
        pen: &mut Pen<'_>,
    ) {
        let host = format!("{}.amazonaws.com", linked.service);
        let parts = [u64::from(account.index), at.ms().unsigned_abs(), letters(linked.role)];
        let session = Arc::new(Session {
            account: Arc::clone(&account.id),
            role: format!("/aws-service-role/{host}/{}", linked.role).into(),
            role_id: self.fixed_role_id(account.index, linked.role).into(),
            name: linked.service.into(),
            key: unique_id("ASIA", self.plan.seed, Stream::Session, &parts),
            since: crate::day::whole_seconds(at),
            holds: Millis::HOUR,
            context: "".into(),
            beside: linked.beside,
        });
        let opener = Arc::new(session::service(linked.service));
        let shared = Some(pen.fresh_id());
        let detail = Detail { shared, ..session.opening("") };
        pen.write_full(at, (place, &opener), ASSUME, Outcome::with(detail));
        let caller = Caller {
            tls: false,
            ..session::within(&session, &session.role_arn(), host.as_str().into(), host.into())
        };
        let caller = Arc::new(caller);
        for (second, call) in (1..).zip(linked.calls) {
            pen.write(at + Millis::SECOND.times(second), (place, &caller), *call);
        }
    }
}

/// CloudTrail delivers its own log.
fn log_delivery(at: doorward_model::time::Time, place: &Place, pen: &mut Pen<'_>) {
    let caller = Arc::new(session::service("cloudtrail"));
    let log = Place { stem: "audit-log".into(), ..place.clone() };
    let bucket =
        read("s3", "GetBucketAcl", r#"{"bucketName":"$r-$a","Host":"$r-$a.s3.$g.amazonaws.com","acl":""}"#);
    let key =
        read("kms", "GenerateDataKey", r#"{"keyId":"arn:aws:kms:$g:$a:key/audit-log","keySpec":"AES_256"}"#);
    for (second, call) in [(0, bucket), (1, key), (2, key)] {
        let shared = Some(pen.fresh_id());
        let outcome = Outcome::with(Detail { shared, ..Detail::default() });
        pen.write_full(at + Millis::SECOND.times(second), (&log, &caller), call, outcome);
    }
}

/// A back end of AWS acts, and says no more than that.
fn inside(organisation: &Organisation, at: doorward_model::time::Time, place: &Place, pen: &mut Pen<'_>) {
    let account = &place.account;
    let rotated = Caller {
        who: session::said(format!(r#"{{"accountId":"{account}","invokedBy":"AWS Internal"}}"#)),
        address: "AWS Internal".into(),
        agent: "AWS Internal".into(),
        ..Caller::default()
    };
    let detail = Detail { event_type: EventType::ServiceEvent, ..Detail::default() };
    pen.write_full(at, (place, &Arc::new(rotated)), write("kms", "RotateKey", ""), Outcome::with(detail));
    let parts = [at.ms().unsigned_abs(), 17];
    let session = Arc::new(Session {
        account: Arc::clone(&place.account),
        role: "/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS".into(),
        role_id: unique_id("AROA", organisation.plan.seed, Stream::Policy, &[letters(&place.account), 4])
            .into(),
        name: "RDS".into(),
        key: unique_id("ASIA", organisation.plan.seed, Stream::Session, &parts),
        since: crate::day::whole_seconds(at),
        holds: Millis::HOUR,
        context: "".into(),
        beside: r#","invokedBy":"rds.amazonaws.com""#,
    });
    let caller = session::within(&session, &session.role_arn(), "AWS Internal".into(), "AWS Internal".into());
    let caller = Arc::new(Caller { tls: false, ..caller });
    pen.write(at, (place, &caller), read("ec2", "DescribeSubnets", r#"{"subnetSet":{},"filterSet":{}}"#));
}
