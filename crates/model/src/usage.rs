//! What of its rights each identity uses, as a log shows it: distinct (identity, action, resource), each with when it was
//! first and last seen and how often; and beside it what each account's log shows at all.
//!
//! Events may come in any order and in any parts: the same events make the same ledger. Which permission an action stands
//! for, and whether it would be seen if it were used, is not said here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::event::{Actor, ActorKind, Event, Outcome};
use crate::record::Record;
use crate::time::Time;

/// When something was seen, and how often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first time.
    pub first: Time,
    /// The last time.
    pub last: Time,
    /// How often.
    pub count: u64,
}

impl Span {
    /// Once.
    #[must_use]
    pub const fn once(at: Time) -> Self {
        Self { first: at, last: at, count: 1 }
    }

    /// Both together.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            count: self.count.saturating_add(other.count),
        }
    }

    /// Whether an instant lies in it.
    #[must_use]
    pub fn contains(self, at: Time) -> bool {
        self.first <= at && at <= self.last
    }

    /// As far as it lies up to an instant. How often it was seen until then is not known, nor when last: these are at
    /// most what they were later.
    fn as_of(self, at: Time) -> Option<Self> {
        (self.first <= at).then(|| Self { last: self.last.min(at), ..self })
    }
}

/// How an identity used an action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    /// On whatever resource.
    pub all: Span,
    /// By resource: the first [`RESOURCES_MAX`] in the order of their names, which are kept whole from the beginning.
    pub on: BTreeMap<String, Span>,
}

impl Use {
    /// How many of its calls were on a resource that is not kept, or named none.
    #[must_use]
    pub fn not_kept(&self) -> u64 {
        self.all.count.saturating_sub(self.on.values().map(|span| span.count).sum())
    }

    fn add(&mut self, resource: String, span: Span) {
        if let Some(known) = self.on.get_mut(&resource) {
            *known = known.join(span);
            return;
        }
        let is_full = self.on.len() >= RESOURCES_MAX;
        // INVARIANT: whatever is among the first of all was among the first from when it was first seen.
        if is_full && self.on.last_key_value().is_some_and(|(last, _)| resource > *last) {
            return;
        }
        self.on.insert(resource, span);
        if is_full {
            self.on.pop_last();
        }
    }
}

/// What was used by whom, and what each account's log shows at all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    uses: BTreeMap<String, BTreeMap<String, Use>>,
    logged: BTreeMap<String, BTreeMap<String, Span>>,
}

impl Ledger {
    /// Takes in a record of a log, if it is that of an event.
    pub fn take_record(&mut self, record: &Record) {
        match record {
            Record::Observation(seen) if seen.decision.is_none() => self.take(&seen.event),
            Record::Observation(_) | Record::Fact(_) => {}
        }
    }

    /// Takes in an event.
    pub fn take(&mut self, event: &Event) {
        if event.source != SOURCE {
            return;
        }
        let (action, span) = (event.permission(), Span::once(event.happened_at()));
        if !event.account.is_empty() {
            self.add_logged(&event.account, &action, span);
        }
        let Some(holder) = holder(&event.actor).filter(|_| event.outcome() == Outcome::Success) else {
            return;
        };
        let resource = resource(event);
        self.add_use(&holder, &action, (&resource, span));
        if let Some(person) = person(&event.actor, &holder) {
            self.add_use(&person, &action, (&resource, span));
            self.add_use(&person, SESSION, (&holder, span));
        }
    }

    /// Takes in that an identity used an action on a resource; an empty name is none.
    pub fn add_use(&mut self, identity: &str, action: &str, (resource, span): (&str, Span)) {
        let on = Some((resource.to_owned(), span)).filter(|_| !resource.is_empty());
        self.put_use(identity, action, (span, on));
    }

    /// Takes in how an identity used an action: on whatever resource, and on some.
    pub fn put_use(
        &mut self,
        identity: &str,
        action: &str,
        (all, on): (Span, impl IntoIterator<Item = (String, Span)>),
    ) {
        let used = match self.uses.entry(identity.to_owned()).or_default().entry(action.to_owned()) {
            Entry::Vacant(free) => free.insert(Use { all, on: BTreeMap::new() }),
            Entry::Occupied(known) => {
                let known = known.into_mut();
                known.all = known.all.join(all);
                known
            }
        };
        on.into_iter().for_each(|(resource, span)| used.add(resource, span));
    }

    /// Takes in that the log of an account shows an action, used or refused, by whomever.
    pub fn add_logged(&mut self, account: &str, action: &str, span: Span) {
        let known = self.logged.entry(account.to_owned()).or_default().entry(action.to_owned());
        known.and_modify(|known| *known = known.join(span)).or_insert(span);
    }

    /// Takes in all of another ledger, of other events.
    pub fn join(&mut self, other: Self) {
        for (identity, actions) in other.uses {
            for (action, Use { all, on }) in actions {
                self.put_use(&identity, &action, (all, on));
            }
        }
        for (account, actions) in other.logged {
            actions.into_iter().for_each(|(action, span)| self.add_logged(&account, &action, span));
        }
    }

    /// What had been used by an instant. When something was used first is exact; when it was used last before the
    /// instant, how often, and which resources had been kept by then are not.
    #[must_use]
    pub fn as_of(mut self, at: Time) -> Self {
        let keep = |span: &mut Span| span.as_of(at).inspect(|then| *span = *then).is_some();
        self.logged.retain(|_, actions| {
            actions.retain(|_, span| keep(span));
            !actions.is_empty()
        });
        self.uses.retain(|_, actions| {
            actions.retain(|_, used| {
                used.on.retain(|_, span| keep(span));
                keep(&mut used.all)
            });
            !actions.is_empty()
        });
        self
    }

    /// All uses, by identity and action.
    pub fn uses(&self) -> impl Iterator<Item = (&str, &str, &Use)> {
        pairs(&self.uses)
    }

    /// Who used something, in order.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        self.uses.keys().map(String::as_str)
    }

    /// What an identity used, by action.
    pub fn of(&self, identity: &str) -> impl Iterator<Item = (&str, &Use)> {
        self.uses.get(identity).into_iter().flatten().map(|(action, used)| (action.as_str(), used))
    }

    /// All that logs show, by account and action.
    pub fn logged(&self) -> impl Iterator<Item = (&str, &str, Span)> {
        pairs(&self.logged).map(|(account, action, span)| (account, action, *span))
    }

    /// Whether no log was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.logged.is_empty() && self.uses.is_empty()
    }
}

/// What lies under two names.
fn pairs<T>(map: &BTreeMap<String, BTreeMap<String, T>>) -> impl Iterator<Item = (&str, &str, &T)> {
    map.iter().flat_map(|(one, inner)| inner.iter().map(|(two, value)| (one.as_str(), two.as_str(), value)))
}

/// Whose rights a caller used: the ARN of a user or role, the provider that vouches for somebody, the name of a service,
/// or the number of an account of which no more is told.
fn holder(actor: &Actor) -> Option<Cow<'_, str>> {
    let named = match actor.kind_shown() {
        ActorKind::AssumedRole | ActorKind::FederatedUser if !actor.issuer_arn.is_empty() => {
            &actor.issuer_arn
        }
        ActorKind::AssumedRole => return role_of_session(&actor.arn).map(Cow::Owned),
        ActorKind::IamUser | ActorKind::Root | ActorKind::Role => &actor.arn,
        ActorKind::WebIdentityUser | ActorKind::SamlUser => &actor.provider,
        ActorKind::AwsService => &actor.invoked_by,
        ActorKind::AwsAccount => &actor.account,
        ActorKind::FederatedUser
        | ActorKind::IdentityCenterUser
        | ActorKind::Directory
        | ActorKind::Unknown => "",
    };
    Some(Cow::Borrowed(named)).filter(|named| !named.is_empty())
}

/// The role of a session, by the session's ARN, which does not tell the path of the role.
fn role_of_session(arn: &str) -> Option<String> {
    let (before, session) = arn.split_once(":assumed-role/")?;
    let (role, _) = session.split_once('/')?;
    let mut parts = before.split(':');
    let (partition, account) = (parts.nth(1)?, parts.next_back()?);
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}

/// The person of Identity Center behind a session of a role.
fn person(actor: &Actor, role: &str) -> Option<String> {
    let name = role.rsplit('/').next().filter(|name| name.starts_with(OF_PERMISSION_SET))?;
    let session = actor.arn.rsplit('/').next().filter(|session| *session != name && !session.is_empty())?;
    Some(format!("idc:{}/{session}", actor.account))
}

/// What an event acted on, as an ARN where that can be told: of an object its bucket, for there are too many objects.
/// Empty where it names nothing.
fn resource(event: &Event) -> String {
    let Some(target) = &event.target else { return String::new() };
    let (id, account, region) = (target.id.as_str(), event.account.as_str(), event.region.as_str());
    if let Some((bucket, _)) = id.split_once('/').filter(|(bucket, _)| bucket.contains(":s3:::")) {
        return format!("{bucket}/*");
    }
    if id.starts_with("arn:") || id.is_empty() {
        return id.to_owned();
    }
    let aws = format!("arn:{}:", partition(region));
    match target.kind.as_str() {
        "bucketName" => match id.split_once('/') {
            Some((bucket, _)) => format!("{aws}s3:::{bucket}/*"),
            None => format!("{aws}s3:::{id}"),
        },
        "roleName" => format!("{aws}iam::{account}:role/{id}"),
        "userName" => format!("{aws}iam::{account}:user/{id}"),
        "groupName" if event.service == "iam" => format!("{aws}iam::{account}:group/{id}"),
        "instanceProfileName" => format!("{aws}iam::{account}:instance-profile/{id}"),
        "functionName" => format!("{aws}lambda:{region}:{account}:function:{id}"),
        "tableName" if event.service == "dynamodb" => format!("{aws}dynamodb:{region}:{account}:table/{id}"),
        "keyId" if id.starts_with("alias/") => format!("{aws}kms:{region}:{account}:{id}"),
        "keyId" => format!("{aws}kms:{region}:{account}:key/{id}"),
        "secretId" => format!("{aws}secretsmanager:{region}:{account}:secret:{id}"),
        "name" if event.service == "ssm" => {
            format!("{aws}ssm:{region}:{account}:parameter/{}", id.trim_start_matches('/'))
        }
        "queueUrl" => match id.rsplit('/').next() {
            Some(queue) => format!("{aws}sqs:{region}:{account}:{queue}"),
            None => id.to_owned(),
        },
        "repositoryName" if event.service == "ecr" => format!("{aws}ecr:{region}:{account}:repository/{id}"),
        "logGroupName" => format!("{aws}logs:{region}:{account}:log-group:{id}"),
        "instanceId" | "instancesSet" | "instanceIds" => format!("{aws}ec2:{region}:{account}:instance/{id}"),
        kind => format!("{kind}:{id}"),
    }
}

/// The partition that a region lies in.
fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The source whose events show uses of permissions.
const SOURCE: &str = "cloudtrail";
/// Under this stands which roles a person of Identity Center used.
pub const SESSION: &str = "session";
/// So many resources are kept of an action that an identity used.
pub const RESOURCES_MAX: usize = 64;
const OF_PERMISSION_SET: &str = "AWSReservedSSO_";

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

    use super::{Ledger, RESOURCES_MAX, SESSION, Span, Use};
    use crate::event::{Actor, ActorKind, Event, Outcome, Target};
    use crate::time::Time;

    const ACCOUNT: &str = "111122223333";

    fn role(name: &str) -> Actor {
        Actor {
            kind: ActorKind::AssumedRole.into(),
            arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/alice@example.com"),
            account: ACCOUNT.to_owned(),
            ..Actor::default()
        }
    }

    fn event((service, action): (&str, &str), (kind, id): (&str, &str), at: i64) -> Event {
        Event {
            source: "cloudtrail".to_owned(),
            happened_at_ms: at,
            account: ACCOUNT.to_owned(),
            region: "eu-west-1".to_owned(),
            actor: role("deploy"),
            service: service.to_owned(),
            action: action.to_owned(),
            target: Some(Target { kind: kind.to_owned(), id: id.to_owned() }),
            outcome: Outcome::Success.into(),
            ..Event::default()
        }
    }

    fn span(first: i64, last: i64, count: u64) -> Span {
        Span { first: Time::from_ms(first), last: Time::from_ms(last), count }
    }

    /// What a ledger says, in lines.
    fn told(ledger: &Ledger) -> Vec<String> {
        let line = |span: &Span| format!("{}..{} x{}", span.first.ms(), span.last.ms(), span.count);
        let mut told = Vec::new();
        for (identity, action, used) in ledger.uses() {
            let on: Vec<String> = used.on.iter().map(|(on, span)| format!("{on} {}", line(span))).collect();
            told.push(format!(
                "{identity} {action} {} [{}] {}",
                line(&used.all),
                on.join(", "),
                used.not_kept()
            ));
        }
        told.extend(
            ledger.logged().map(|(account, action, span)| format!("{account} {action} {}", line(&span))),
        );
        told
    }

    #[test]
    fn successes_are_uses_and_refusals_are_only_logged() {
        let mut ledger = Ledger::default();
        let object = ("AWS::S3::Object", "arn:aws:s3:::data/a/b");
        ledger.take(&event(("s3", "GetObject"), object, 20));
        ledger.take(&event(("s3", "GetObject"), ("bucketName", "data/c"), 10));
        let denied = event(("iam", "PutRolePolicy"), ("roleName", "admin"), 30);
        ledger.take(&Event { outcome: Outcome::Denied.into(), ..denied });
        let other = event(("okta", "Login"), ("x", "y"), 40);
        ledger.take(&Event { source: "okta".to_owned(), ..other });
        let expected = [
            "arn:aws:iam::111122223333:role/deploy s3:GetObject 10..20 x2 [arn:aws:s3:::data/* 10..20 x2] 0",
            "111122223333 iam:PutRolePolicy 30..30 x1",
            "111122223333 s3:GetObject 10..20 x2",
        ];
        assert_eq!(told(&ledger), expected);
    }

    #[test]
    fn what_a_person_of_identity_center_uses_is_its_own_and_its_roles() {
        let mut ledger = Ledger::default();
        let actor = role("AWSReservedSSO_Admin_0123456789abcdef");
        ledger.take(&Event { actor, ..event(("iam", "GetRole"), ("roleName", "x"), 5) });
        let used = "arn:aws:iam::111122223333:role/x 5..5 x1";
        let role = "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_0123456789abcdef";
        let expected = [
            format!("{role} iam:GetRole 5..5 x1 [{used}] 0"),
            format!("idc:111122223333/alice@example.com iam:GetRole 5..5 x1 [{used}] 0"),
            format!("idc:111122223333/alice@example.com {SESSION} 5..5 x1 [{role} 5..5 x1] 0"),
            "111122223333 iam:GetRole 5..5 x1".to_owned(),
        ];
        assert_eq!(told(&ledger), expected);
    }

    #[test]
    fn callers_are_known_by_what_their_records_tell() {
        let arn = |kind: ActorKind| Actor { kind: kind.into(), arn: "arn:x".to_owned(), ..Actor::default() };
        let cases = [
            (arn(ActorKind::IamUser), Some("arn:x")),
            (arn(ActorKind::Root), Some("arn:x")),
            (Actor { issuer_arn: "arn:issuer".to_owned(), ..role("deploy") }, Some("arn:issuer")),
            (
                Actor { provider: "arn:provider".to_owned(), ..arn(ActorKind::WebIdentityUser) },
                Some("arn:provider"),
            ),
            (
                Actor { invoked_by: "lambda.amazonaws.com".to_owned(), ..arn(ActorKind::AwsService) },
                Some("lambda.amazonaws.com"),
            ),
            (
                Actor { account: "444455556666".to_owned(), ..arn(ActorKind::AwsAccount) },
                Some("444455556666"),
            ),
            (arn(ActorKind::AssumedRole), None),
            (arn(ActorKind::Unknown), None),
        ];
        for (actor, holder) in cases {
            let mut ledger = Ledger::default();
            ledger.take(&Event {
                actor,
                ..event(("sts", "AssumeRole"), ("roleArn", "arn:aws:iam::1:role/r"), 1)
            });
            assert_eq!(ledger.identities().collect::<Vec<_>>(), Vec::from_iter(holder));
        }
    }

    #[test]
    fn resources_are_named_by_their_arns_where_that_can_be_told() {
        let cases = [
            (("s3", "bucketName", "data"), "arn:aws:s3:::data"),
            (("s3", "bucketName", "data/key/part"), "arn:aws:s3:::data/*"),
            (("s3", "ARN", "arn:aws-cn:s3:::data/key/part"), "arn:aws-cn:s3:::data/*"),
            (("iam", "userName", "eve"), "arn:aws:iam::111122223333:user/eve"),
            (("iam", "groupName", "ops"), "arn:aws:iam::111122223333:group/ops"),
            (("lambda", "functionName", "f"), "arn:aws:lambda:eu-west-1:111122223333:function:f"),
            (("dynamodb", "tableName", "t"), "arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
            (("kms", "keyId", "alias/a"), "arn:aws:kms:eu-west-1:111122223333:alias/a"),
            (("kms", "keyId", "1-2"), "arn:aws:kms:eu-west-1:111122223333:key/1-2"),
            (("ssm", "name", "/a/b"), "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b"),
            (("sqs", "queueUrl", "https://x/1/q"), "arn:aws:sqs:eu-west-1:111122223333:q"),
            (("glue", "name", "job"), "name:job"),
            (("sts", "roleArn", "arn:aws:iam::1:role/p/r"), "arn:aws:iam::1:role/p/r"),
        ];
        for ((service, kind, id), arn) in cases {
            let mut ledger = Ledger::default();
            ledger.take(&event((service, "Do"), (kind, id), 1));
            let on: Vec<&str> =
                ledger.uses().flat_map(|(_, _, used)| used.on.keys().map(String::as_str)).collect();
            assert_eq!(on, [arn]);
        }
    }

    #[test]
    fn what_had_been_used_by_an_instant_is_told_by_first_times() {
        let mut ledger = Ledger::default();
        for (action, at) in [("A", 10), ("A", 30), ("B", 20)] {
            ledger.take(&event(("iam", action), ("roleName", action), at));
        }
        let then = ledger.clone().as_of(Time::from_ms(15));
        let expected = [
            "arn:aws:iam::111122223333:role/deploy iam:A 10..15 x2 [arn:aws:iam::111122223333:role/A 10..15 x2] 0",
            "111122223333 iam:A 10..15 x2",
        ];
        assert_eq!(told(&then), expected);
        assert!(ledger.clone().as_of(Time::from_ms(9)).is_empty());
        assert_eq!(ledger.clone().as_of(Time::from_ms(30)), ledger);
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        let mut ledger = Ledger::default();
        let count = RESOURCES_MAX + 10;
        for number in (0..count).rev() {
            ledger.take(&event(("iam", "GetRole"), ("roleName", &format!("r{number:03}")), 1));
        }
        let (_, used) = ledger.of("arn:aws:iam::111122223333:role/deploy").next().unwrap();
        let kept =
            (0..RESOURCES_MAX).map(|n| (format!("arn:aws:iam::111122223333:role/r{n:03}"), span(1, 1, 1)));
        assert_eq!(*used, Use { all: span(1, 1, count as u64), on: kept.collect() });
        assert_eq!(used.not_kept(), 10);
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let one = (0..3_u8, 0..150_u8, 0..1_000_i64, any::<bool>()).prop_map(|(action, on, at, is_done)| {
            let seen =
                event(("iam", ["A", "B", "C"][usize::from(action)]), ("roleName", &on.to_string()), at);
            Event { outcome: if is_done { Outcome::Success } else { Outcome::Denied }.into(), ..seen }
        });
        vec(one, 0..400)
    }

    proptest! {
        #[test]
        fn events_in_any_order_and_in_any_parts_make_the_same_ledger(
            events in events(),
            cuts in vec(any::<proptest::sample::Index>(), 0..4),
            turn: bool,
        ) {
            let mut whole = Ledger::default();
            events.iter().for_each(|event| whole.take(event));
            let mut parts = vec![Ledger::default(); cuts.len() + 1];
            let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(events.len() + 1)).collect();
            let ordered: Vec<&Event> = if turn { events.iter().rev().collect() } else { events.iter().collect() };
            for (at, event) in ordered.into_iter().enumerate() {
                parts[cuts.iter().filter(|cut| **cut <= at).count()].take(event);
            }
            let mut joined = Ledger::default();
            parts.into_iter().for_each(|part| joined.join(part));
            prop_assert_eq!(joined, whole);
        }
    }
}
