//! Hard evidence about credentials: facts that are wrong without knowing any habits.

use doorward_model::event::{ActorKind, Outcome};
use doorward_model::finding::{
    Feature, InstanceKeyElsewhere, KeyForAnother, Lineage, Severity, SourceChanged, TwoNetworks,
};
use doorward_model::identity::IdentityKind;
use doorward_views::habits::{ONE, is_network};
use doorward_views::keys::KeyUse;
use doorward_views::peers::TENANT_GROUP;
use doorward_views::shard::Probe;
use doorward_views::state::State;
use doorward_views::symbols::Symbol;

use crate::burst::Notice;
use crate::catalogue::{
    CREDENTIAL_FOR_ANOTHER, CREDENTIAL_SOURCE_CHANGED, FindingType, INSTANCE_CREDENTIAL_ELSEWHERE,
    KEY_IN_TWO_NETWORKS,
};
use crate::inspect::Subject;

/// What an event proves about the credentials it used or made: of several facts, which have one cause, the one that
/// is worst and surest.
pub(crate) fn of(state: &State, subject: &Subject<'_>, probe: &Probe) -> Option<Notice> {
    let key_for_another = key_for_another(subject, probe);
    let shard = state.shard(subject.seen);
    let Some((seen, used)) = probe.key.zip(shard.and_then(|shard| shard.key_use(subject.event(), probe)))
    else {
        return key_for_another;
    };
    let key = Key { used, network: seen.network, source: seen.source, state };
    let elsewhere = instance_key_elsewhere(subject, &key, probe);
    let networks = if elsewhere.is_none() { two_networks(subject, &key) } else { None };
    let facts = [source_changed(subject, &key), networks, elsewhere, key_for_another].into_iter().flatten();
    facts.max_by_key(|notice| (notice.severity, notice.confidence_milli))
}

/// The key that an event used.
struct Key<'a> {
    /// Where it was used before.
    used: &'a KeyUse,
    /// Where the event used it.
    network: Symbol,
    /// Where the client of the event says that it took the key from.
    source: Symbol,
    /// What the numbers of networks and sources stand for, and who else has them.
    state: &'a State,
}

impl Key<'_> {
    fn name(&self, symbol: Symbol) -> &str {
        self.state.symbols.name(symbol)
    }

    /// Whether a network is the tenant's own, by the identities that have used it.
    fn is_shared(&self, network: Symbol, subject: &Subject<'_>) -> bool {
        let share = self.state.control.peers.share(TENANT_GROUP, Feature::Network, network);
        share.with >= subject.parameters.shared_network_min
    }
}

fn hard(of: &FindingType, lineage: Lineage) -> Notice {
    Notice {
        kind: of.name,
        detector: of.detector,
        score_milli: 0,
        severity: of.severity,
        confidence_milli: of.confidence_milli,
        lineage: Some(lineage),
        controls: of.controls,
    }
}

/// A key or password made for another user than the one who made it. Whoever has done so on several days does it for
/// a living, and is not reported.
fn key_for_another(subject: &Subject<'_>, probe: &Probe) -> Option<Notice> {
    let event = subject.event();
    let issued = event.issued.as_ref()?;
    let lasting =
        matches!(event.action.as_str(), "CreateAccessKey" | "CreateLoginProfile" | "UpdateLoginProfile");
    let [_, action, ..] = probe.slots;
    let of_its_own = issued.principal.is_empty() || issued.principal == subject.seen.identity;
    let usual = action.is_some_and(|slot| slot.days >= subject.parameters.normal_days);
    if !lasting || event.outcome() != Outcome::Success || of_its_own || usual {
        return None;
    }
    let before = action.map_or(0, |slot| u64::from(slot.count.div_ceil(ONE)) + u64::from(slot.held));
    let lineage = Lineage::KeyForAnother(KeyForAnother {
        action: event.permission(),
        holder: issued.principal.clone(),
        before,
    });
    let notice = hard(&CREDENTIAL_FOR_ANOTHER, lineage);
    Some(match before {
        0 => notice,
        _ => Notice { severity: Severity::Medium, confidence_milli: 500, ..notice },
    })
}

/// The credential of an instance, used from another place than where the instance used it.
fn instance_key_elsewhere(subject: &Subject<'_>, key: &Key<'_>, probe: &Probe) -> Option<Notice> {
    let (event, places) = (subject.event(), key.used.places());
    if places.iter().any(|place| place.network == key.network) {
        return None;
    }
    let instance = instance_of(subject)?;
    let (home, away) = (key.name(places.first()?.network), event.client.network.as_str());
    // An instance reaches some services through its VPC and others through a gateway: then the gateway is known.
    let left_the_vpc = inside(home) && public(away) && is_new_network(subject, probe);
    if !(left_the_vpc || public_pair(home, away)) || key.is_shared(key.network, subject) {
        return None;
    }
    let lineage = Lineage::InstanceKeyElsewhere(InstanceKeyElsewhere {
        key: event.actor.access_key_id.clone(),
        instance: instance.to_owned(),
        home: home.to_owned(),
        away: away.to_owned(),
    });
    Some(hard(&INSTANCE_CREDENTIAL_ELSEWHERE, lineage))
}

/// One key that goes to another network and comes back within the hour: two holders. It proves nothing where the
/// other network is the tenant's own, or where the identity has no home; people change networks, and go through an
/// egress of the tenant's and beside it, so for them it is a weak sign.
fn two_networks(subject: &Subject<'_>, key: &Key<'_>) -> Option<Notice> {
    let event = subject.event();
    let [.., home, away] = key.used.places() else { return None };
    let within = event.happened_at() - home.to();
    if home.network != key.network || within > subject.parameters.two_networks_within {
        return None;
    }
    let person = matches!(subject.profile.kind, IdentityKind::Human | IdentityKind::External);
    let own = key.is_shared(away.network, subject) || person && key.is_shared(home.network, subject);
    let (home, away) = (key.name(home.network), key.name(away.network));
    let networks = subject.habits.map_or(0, |habits| habits.distinct(Feature::Network));
    let at_home = u32::try_from(networks).is_ok_and(|all| all <= subject.parameters.home_networks_max);
    if own || !at_home || !public_pair(home, away) {
        return None;
    }
    let lineage = Lineage::TwoNetworks(TwoNetworks {
        key: event.actor.access_key_id.clone(),
        first: home.to_owned(),
        second: away.to_owned(),
        within_ms: within.0,
    });
    let notice = hard(&KEY_IN_TWO_NETWORKS, lineage);
    Some(if person { Notice { severity: Severity::Low, confidence_milli: 300, ..notice } } else { notice })
}

/// The client says that a key which a machine was given now lies in a variable or a file: it was copied.
fn source_changed(subject: &Subject<'_>, key: &Key<'_>) -> Option<Notice> {
    if key.source == key.used.source {
        return None;
    }
    let event = subject.event();
    let (before, now) = (key.name(key.used.source), key.name(key.source));
    let delivered = |letters: &str| letters.contains(['0', 'z']);
    if !delivered(before) || delivered(now) || !now.contains(['e', 'g', 'n', 'x']) {
        return None;
    }
    let lineage = Lineage::SourceChanged(SourceChanged {
        key: event.actor.access_key_id.clone(),
        before: source_words(before).to_owned(),
        after: source_words(now).to_owned(),
    });
    Some(hard(&CREDENTIAL_SOURCE_CHANGED, lineage))
}

/// Where a client that follows botocore's user agent says it took a credential from, in words. `letters` are those
/// of the `m/` field that name a credential provider.
pub(crate) fn source_words(letters: &str) -> &'static str {
    let words = [
        ('0', "the instance metadata service"),
        ('z', "the container credential endpoint"),
        ('g', "environment variables"),
        ('e', "code"),
        ('n', "a profile file"),
        ('x', "a boto2 file"),
    ];
    words
        .into_iter()
        .find(|(letter, _)| letters.contains(*letter))
        .map_or("another provider", |(_, words)| words)
}

/// The instance that a session was delivered to: EC2 names the session after it.
fn instance_of<'a>(subject: &Subject<'a>) -> Option<&'a str> {
    let actor = &subject.event().actor;
    if actor.kind() != ActorKind::AssumedRole {
        return None;
    }
    let name = actor.arn.rsplit('/').next()?;
    let id = name.strip_prefix("i-")?;
    (id.len() >= 8 && id.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(name)
}

/// Whether both are public networks, of the same address family, and not the same.
fn public_pair(one: &str, other: &str) -> bool {
    public(one) && public(other) && one.contains(':') == other.contains(':') && one != other
}

/// Whether a network is one of public addresses.
fn public(network: &str) -> bool {
    is_network(network) && network.contains('/') && !network.starts_with("vpce:") && !inside(network)
}

/// Whether an identity that is known well enough has never come from the network of the event.
fn is_new_network(subject: &Subject<'_>, probe: &Probe) -> bool {
    let [_, _, network, _] = probe.slots;
    subject.is_known() && network.is_some_and(|slot| slot.count == 0)
}

/// RFC 1918 and RFC 4193 networks: an endpoint in a VPC reports the private address.
fn inside(network: &str) -> bool {
    let private_172 = || {
        let second = network.strip_prefix("172.").and_then(|tail| tail.split('.').next());
        second.and_then(|text| text.parse::<u8>().ok()).is_some_and(|second| (16..32).contains(&second))
    };
    network.starts_with("10.")
        || network.starts_with("192.168.")
        || network.starts_with("fd")
        || private_172()
}
