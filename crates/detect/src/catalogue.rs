//! The types of findings: what raises each, how bad and how sure it is, and which controls and techniques it speaks of.

use doorward_model::finding::Severity;

/// A type of finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FindingType {
    /// Its name, as findings carry it.
    pub name: &'static str,
    /// The detector that raises it, and its version.
    pub detector: &'static str,
    /// How bad it is at least.
    pub severity: Severity,
    /// How sure it is when it is raised, in thousandths.
    pub confidence_milli: u32,
    /// Control and technique ids.
    pub controls: &'static [&'static str],
    /// What raises it, in sentences.
    pub raised_when: &'static str,
    /// What its evidence and narrative say, in a sentence.
    pub evidence: &'static str,
}

/// All types, the surest first.
pub const TYPES: [FindingType; 8] = [
    INSTANCE_CREDENTIAL_ELSEWHERE,
    CREDENTIAL_SOURCE_CHANGED,
    CREDENTIAL_FOR_ANOTHER,
    KEY_IN_TWO_NETWORKS,
    NEW_BEHAVIOUR,
    ESCALATION_OPENED,
    TIER_ZERO_PATH_OPENED,
    OUTSIDE_TRUST_OPENED,
];

pub(crate) const INSTANCE_CREDENTIAL_ELSEWHERE: FindingType = FindingType {
    name: "instance-credential-elsewhere",
    detector: LINEAGE,
    severity: Severity::High,
    confidence_milli: 900,
    controls: &["attack:T1552.005", "attack:T1078.004"],
    raised_when: "The session key of an instance role is used from a network other than the one the instance uses it \
                  from, and not merely through the gateway of its own network or one that three identities use.",
    evidence: "The key, the instance that it was delivered to, the network at home and the one away.",
};

pub(crate) const CREDENTIAL_SOURCE_CHANGED: FindingType = FindingType {
    name: "credential-source-changed",
    detector: LINEAGE,
    severity: Severity::High,
    confidence_milli: 800,
    controls: &["attack:T1552.005", "attack:T1550.001"],
    raised_when: "The client says that a key which the platform delivered to a machine now comes from an environment \
                  variable or a file: it was copied.",
    evidence: "The key, where it came from before and where from now, as the user agent says.",
};

pub(crate) const CREDENTIAL_FOR_ANOTHER: FindingType = FindingType {
    name: "credential-for-another",
    detector: LINEAGE,
    severity: Severity::High,
    confidence_milli: 700,
    controls: &["attack:T1098.001", "owasp-nhi:NHI1"],
    raised_when: "A lasting key or a password is made for another user than the one who makes it. Whoever has done \
                  so on several days does it for a living, and is not reported; whoever has done it before is \
                  reported as medium, 50 % sure.",
    evidence: "The call, for whom the credential was made, and how often the identity had done so before.",
};

pub(crate) const KEY_IN_TWO_NETWORKS: FindingType = FindingType {
    name: "key-in-two-networks",
    detector: LINEAGE,
    severity: Severity::Medium,
    confidence_milli: 600,
    controls: &["attack:T1078.004"],
    raised_when: "One key goes to another public network and comes back within the hour: two holders. It counts only \
                  if the identity has a home, of at most three networks, and not if the other network is one that \
                  three identities of the tenant use; of people it is low, 30 % sure.",
    evidence: "The key, both networks, and within what time it came back.",
};

pub(crate) const NEW_BEHAVIOUR: FindingType = FindingType {
    name: "new-behaviour",
    detector: "novelty/1",
    severity: Severity::Low,
    confidence_milli: 0,
    controls: &[],
    raised_when: "Values that are new for the identity and rare among its peers gather within hours: actions, \
                  services, networks, clients, weighted by what the action could do, above the threshold that \
                  `cases_per_day` leads to. Severity follows from the action, confidence from the surprise.",
    evidence: "Each new value, how often the identity had it before and in how many events, how many of its peers \
               have it, and the surprise in bits. Controls follow from what the actions do.",
};

pub(crate) const ESCALATION_OPENED: FindingType = FindingType {
    name: "escalation-opened",
    detector: PRIVILEGE,
    severity: Severity::Medium,
    confidence_milli: 600,
    controls: &["attack:T1098", "owasp-nhi:NHI5"],
    raised_when: "A change of the inventory lets identities administer an account, or come to, that could not before: \
                  a policy, a trust, a membership that is there, or a denial, a boundary, a control policy that is there \
                  no more. Those whose new ways are cut at one point are one finding. It is high, 90 % sure, where one of \
                  them needs no condition for it. Nothing is raised for who administers already, for roles that only a \
                  service uses, nor of accounts that were not known before.",
    evidence: OPENED,
};

pub(crate) const TIER_ZERO_PATH_OPENED: FindingType = FindingType {
    name: "tier-zero-path-opened",
    detector: PRIVILEGE,
    severity: Severity::Medium,
    confidence_milli: 600,
    controls: &["attack:T1098", "owasp-nhi:NHI5"],
    raised_when: "A change of the inventory gives identities a way to something that matters most, of which they had \
                  none; who can come to administer an account by it is in `escalation-opened`. It is high, 90 % sure, \
                  where one of them needs no condition for it.",
    evidence: OPENED,
};

pub(crate) const OUTSIDE_TRUST_OPENED: FindingType = FindingType {
    name: "outside-trust-opened",
    detector: PRIVILEGE,
    severity: Severity::Low,
    confidence_milli: 600,
    controls: &["attack:T1484.002", "owasp-nhi:NHI3"],
    raised_when: "The trust policy of a role or the policy of a resource lets somebody in from outside of the known \
                  accounts who was not: another account, somebody for whom a provider of identities vouches (a workflow \
                  of a repository, a service account of a cluster, members of a group), everybody. They are called by \
                  what their tokens must say. Where that leads to the administration of an account or to what matters \
                  most, it is high, 90 % sure, and critical where anyone can become one of them, such as anyone on \
                  GitHub; medium, 60 % sure, where only under a condition. Elsewhere it is medium, 80 % sure, high where \
                  anyone can, and low under a condition.",
    evidence: OPENED,
};

const OPENED: &str = "The way of one of them with its statements, how many have it, where to cut it and how, the blast \
                      radius before and after, and the change that opened it: the event with who made it and through \
                      whom, or the export that tells of it. The finding is about the identity that gained most, or the \
                      role or resource that is opened; a hold is recommended on whoever made the change, never placed, \
                      and nobody else is held for it. It carries no risk. When none of those it names has a way any more, \
                      it says since when it is closed.";
const PRIVILEGE: &str = "privilege/1";
const LINEAGE: &str = "lineage/1";
