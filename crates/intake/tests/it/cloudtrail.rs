//! What becomes of the fields of a record.

use doorward_model::event::{ActionClass, AgentProof, Outcome};
use serde_json::json;

use crate::support::{event, read, record_with};

#[test]
fn whole_events() {
    let outcome = read(include_bytes!("../../testdata/records.json"));
    assert_eq!(outcome.reasons(), Vec::<String>::new());
    for mut event in outcome.events {
        let raw: serde_json::Value = serde_json::from_slice(&event.raw).unwrap();
        assert!(!raw["eventTime"].is_null());
        event.raw.clear();
        insta::assert_debug_snapshot!(event.id.clone(), event);
    }
}

#[test]
fn a_field_of_the_wrong_type_loses_only_itself() {
    let event = event(json!({
        "awsRegion": 7, "sourceIPAddress": {"ip": "1.2.3.4"}, "userAgent": null, "readOnly": "yes",
        "requestParameters": "text", "responseElements": [1], "resources": {"ARN": "arn:aws:s3:::b"},
        "errorCode": [], "eventID": 12, "additionalEventData": false, "recipientAccountId": 111_122_223_333_u64,
        "userIdentity": {"type": "IAMUser", "sessionContext": "none", "accessKeyId": 5, "userName": ["a"]},
    }));
    let client = (&*event.client.address, &*event.client.network, &*event.client.family);
    assert_eq!(client, ("", "", ""));
    assert_eq!((&*event.region, &*event.id, &*event.account), ("7", "12", "111122223333"));
    assert_eq!((&*event.actor.access_key_id, &*event.actor.user_name), ("5", ""));
    assert_eq!(event.target.map(|target| target.id).as_deref(), Some("arn:aws:s3:::b"));
}

#[test]
fn persons_of_identity_center_have_a_name() {
    for (kind, own, beside, name) in [
        ("IdentityCenterUser", "", "alice@example.com", "alice@example.com"),
        ("Directory", "", "alice", "alice"),
        ("IdentityCenterUser", "bob", "alice", "bob"),
        ("IdentityCenterUser", "", "HIDDEN_DUE_TO_SECURITY_REASONS", ""),
        ("AssumedRole", "", "alice", ""),
    ] {
        let event = event(json!({
            "userIdentity": {"type": kind, "accountId": "111122223333", "userName": own},
            "additionalEventData": {"AuthWorkflowID": "w", "UserName": beside},
        }));
        assert_eq!(event.actor.user_name, name, "{kind} {own} {beside}");
    }
}

#[test]
fn what_a_user_agent_shows_does_not_depend_on_those_before_it() {
    let user_agent = |n: usize| match n % 5 {
        0 => format!("aws-cli/2.{n} m/g"),
        1 => format!("Boto3/1.{n} MCPClient/client-{n}#1"),
        2 => format!("tool-{n}/1"),
        3 => format!("{}{n}", "x".repeat(1_100)),
        _ => "claude-cli/2".to_owned(),
    };
    let user_agents: Vec<String> = (0..1_000).map(|n| user_agent(n * 7 % 601)).collect();
    let records: Vec<String> =
        user_agents.iter().map(|user_agent| record_with(json!({"userAgent": user_agent}))).collect();
    let together = read(records.join("\n").as_bytes()).events;
    let alone = user_agents.iter().map(|user_agent| event(json!({"userAgent": user_agent})));
    for (one, other) in alone.zip(together) {
        assert_eq!(one, other);
    }
}

#[test]
fn a_record_without_an_id_gets_one_from_its_content() {
    let (one, other) = (event(json!({"eventID": null})), event(json!({"eventID": "", "awsRegion": "x"})));
    assert_eq!((one.id.len(), other.id.len()), (32, 32));
    assert_ne!(one.id, other.id);
}

#[test]
fn actions_lose_their_version() {
    for (name, action) in [
        ("UpdateFunctionConfiguration20150331v2", "UpdateFunctionConfiguration"),
        ("GetFunction20150331", "GetFunction"),
        ("ListDistributions2017_03_25", "ListDistributions"),
        ("CreateInvalidation2020_05_31", "CreateInvalidation"),
        ("DescribeDBInstances", "DescribeDBInstances"),
        ("GetBucketV2", "GetBucketV2"),
        ("ListObjectsV2", "ListObjectsV2"),
        ("20150331", "20150331"),
    ] {
        assert_eq!(event(json!({"eventName": name})).action, action);
    }
}

#[test]
fn services_are_named_as_in_permissions() {
    for (source, service) in [
        ("monitoring.amazonaws.com", "cloudwatch"),
        ("email.amazonaws.com", "ses"),
        ("elasticmapreduce.amazonaws.com", "elasticmapreduce"),
        ("kms.amazonaws.com.cn", "kms"),
        ("bedrock-agentcore.amazonaws.com", "bedrock-agentcore"),
    ] {
        assert_eq!(event(json!({"eventSource": source})).service, service);
    }
}

#[test]
fn outcomes() {
    for (code, outcome) in [
        ("AccessDenied", Outcome::Denied),
        ("AccessDeniedException", Outcome::Denied),
        ("Client.UnauthorizedOperation", Outcome::Denied),
        ("Client.UnauthorizedAccess", Outcome::Denied),
        ("SignatureDoesNotMatch", Outcome::Denied),
        ("ThrottlingException", Outcome::Throttled),
        ("Client.RequestLimitExceeded", Outcome::Throttled),
        ("LimitExceededException", Outcome::Failed),
        ("NoSuchBucket", Outcome::Failed),
        ("", Outcome::Success),
    ] {
        assert_eq!(event(json!({"errorCode": code})).outcome(), outcome, "{code}");
    }
    for (source, outcome) in
        [("signin.amazonaws.com", Outcome::Denied), ("example.amazonaws.com", Outcome::Success)]
    {
        let answer = json!({"ConsoleLogin": "Failure"});
        let login = json!({"eventSource": source, "eventName": "ConsoleLogin", "responseElements": answer});
        assert_eq!(event(login).outcome(), outcome, "{source}");
    }
}

#[test]
fn classes() {
    use ActionClass::{Credential, Data, Execute, List, Permissions, Read, Unknown, Write};
    for (permission, read_only, class) in [
        ("iam:CreateAccessKey", Some(false), Credential),
        ("iam:AttachUserPolicy", Some(false), Permissions),
        ("iam:GetUser", Some(true), Read),
        ("iam:ListUsers", None, List),
        ("sts:AssumeRole", Some(true), Credential),
        ("sts:GetCallerIdentity", Some(true), Read),
        ("s3:GetObject", Some(true), Data),
        ("s3:PutBucketPolicy", Some(false), Permissions),
        ("secretsmanager:GetSecretValue", Some(true), Data),
        ("ssm:SendCommand", Some(false), Execute),
        ("lambda:UpdateFunctionCode", Some(false), Execute),
        ("bedrock:InvokeModel", Some(true), Execute),
        ("cloudtrail:StopLogging", Some(false), Permissions),
        ("ec2:DescribeInstances", Some(true), List),
        ("ec2:TerminateInstances", Some(false), Write),
        ("codecommit:Frobnicate", Some(true), Read),
        ("codecommit:Frobnicate", Some(false), Write),
        ("codecommit:Frobnicate", None, Unknown),
    ] {
        let (service, action) = permission.split_once(':').unwrap();
        let source = format!("{service}.amazonaws.com");
        let event = event(json!({"eventSource": source, "eventName": action, "readOnly": read_only}));
        assert_eq!(event.class(), class, "{permission}");
    }
}

#[test]
fn networks() {
    for (address, endpoint, network) in [
        ("203.0.113.77", "", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "", "203.0.113.0/24"),
        ("10.0.0.1", "vpce-1a2b", "vpce:vpce-1a2b"),
        ("lambda.amazonaws.com", "", "service:lambda"),
        ("AWS Internal", "", "aws-internal"),
        ("08.1.250.216", "", "address:08.1.250.216"),
        ("", "", ""),
    ] {
        let event = event(json!({"sourceIPAddress": address, "vpcEndpointId": endpoint}));
        assert_eq!((&*event.client.address, &*event.client.network), (address, network));
    }
}

#[test]
fn names_that_habits_are_kept_of_are_cut() {
    let long = "x".repeat(200);
    let service = format!("{long}.amazonaws.com");
    let cut = "x".repeat(48);
    for (address, endpoint, network) in [
        (&*service, "", format!("service:{cut}")),
        ("10.0.0.1", &*format!("vpce-{long}"), format!("vpce:vpce-{}", "x".repeat(43))),
    ] {
        let event =
            event(json!({"sourceIPAddress": address, "vpcEndpointId": endpoint, "userAgent": service}));
        assert_eq!((&*event.client.network, &*event.client.family), (&*network, &*cut));
    }
}

#[test]
fn user_agents() {
    for (user_agent, family, source) in [
        ("aws-cli/2.27.1 md/awscrt#0.26 m/E,g,Z lang/python#3.13", "aws-cli/2", "g"),
        ("[aws-cli/1.18.69 Python/3.6.9 Linux/4.15 botocore/1.16.19]", "aws-cli/1", ""),
        ("Boto3/1.38.0 md/Botocore#1.38.0 m/b,0,n,0", "boto3", "0n"),
        ("aws-sdk-go-v2/1.30 m/C,D,AD", "aws-sdk-go-v2", "D"),
        ("aws-sdk-go/1.44.0 (go1.19; linux; amd64)", "aws-sdk-go", ""),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.9.0 aws-sdk-go-v2/1.30", "terraform", ""),
        ("Mozilla/5.0 (X11; Linux x86_64)", "browser", ""),
        ("console.amazonaws.com", "console", ""),
        ("signin.amazonaws.com", "signin", ""),
        ("cloudformation.amazonaws.com", "cloudformation", ""),
        ("AWS Internal", "aws-internal", ""),
        ("my-tool/3.2 (linux)", "my-tool", ""),
        ("stratus-red-team_5c59eb79-6dac", "stratus-red-team", ""),
    ] {
        let client = event(json!({"userAgent": user_agent})).client;
        assert_eq!((&*client.family, &*client.credential_source), (family, source), "{user_agent}");
    }
    let long = event(json!({"userAgent": "\u{e9}".repeat(400)})).client.family;
    assert_eq!(long, "\u{e9}".repeat(24));
}

#[test]
fn agents() {
    let claimed = |user_agent: &str| event(json!({"userAgent": user_agent})).agent;
    for (user_agent, product, evidence) in [
        ("Boto3/1 md/awslabs#mcp#s3-server#1.0", "mcp", "md/awslabs#mcp#s3-server#1.0"),
        (
            "Boto3/1 md/awslabs#mcp#aws-api-mcp-server#1 MCPClient/claude-code#2.1 cfg/ro#0",
            "claude-code",
            "MCPClient/claude-code#2.1 cfg/ro#0",
        ),
        ("Boto3/1 MCPClient/cursor-vscode#1", "cursor", "MCPClient/cursor-vscode#1"),
        (
            "python-httpx/0.28 mcp-proxy-for-aws/1.7.0 gemini-cli/0.6",
            "gemini-cli",
            "mcp-proxy-for-aws/1.7.0 gemini-cli/0.6",
        ),
        ("mcp-proxy-for-aws/1.7.0 md/awscrt#0.27.6", "mcp", "mcp-proxy-for-aws/1.7.0 md/awscrt#0.27.6"),
        (
            "aws-cli/2 exec-env/AmazonQ-For-CLI-Version-1.13.0",
            "amazon-q",
            "exec-env/AmazonQ-For-CLI-Version-1.13.0",
        ),
        ("Boto3/1 strands-agents", "strands", "strands-agents"),
        (
            "bedrock-agentcore/1.0 (integration_source=langgraph; feature=x)",
            "langgraph",
            "(integration_source=langgraph; feature=x)",
        ),
        ("Boto3/1 x-client-framework:langchain-aws", "langchain", "x-client-framework:langchain-aws"),
        ("claude-cli/2.1.0 (external, cli)", "claude-code", "claude-cli/2.1.0 (external, cli)"),
        ("GeminiCLI/0.6/gemini-3 (linux; x64)", "gemini-cli", "GeminiCLI/0.6/gemini-3 (linux; x64)"),
    ] {
        let mark = claimed(user_agent).unwrap();
        assert_eq!((&*mark.product, &*mark.evidence, mark.proof()), (product, evidence, AgentProof::Claimed));
    }
    assert_eq!(claimed("aws-cli/2.27.1 lang/python#3.13"), None);
}

#[test]
fn what_the_platform_says_of_an_agent_counts_more() {
    let mark = event(json!({
        "userAgent": "Boto3/1 MCPClient/claude-code#2.1",
        "additionalEventData": {"aws:ViaAWSMCPService": "true"},
    }))
    .agent
    .unwrap();
    assert_eq!(
        (&*mark.product, &*mark.evidence, mark.proof()),
        ("claude-code", "additionalEventData.aws:ViaAWSMCPService=true", AgentProof::Server)
    );
    assert_eq!(event(json!({"additionalEventData": {"ViaAWSMCPService": "false"}})).agent, None);
}

/// The first record of a list is read by the lexer, and those behind it mostly the short way, unless a key follows an escape.
#[test]
fn a_record_with_escapes_is_the_same_wherever_it_stands() {
    let name = "ann \"o\" \\ lee\n";
    let identity = json!({ "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann" }).to_string();
    let identity = identity.replace('}', &format!(r#","userName":{}}}"#, json!(name)));
    let rest = r#""eventTime":"2026-03-02T09:15:00Z","eventSource":"iam.amazonaws.com","eventName":"ListUsers","eventID":"escaped""#;
    let at_the_end = format!(r#"{{{rest},"userIdentity":{identity}}}"#);
    let before_keys =
        format!(r#"{{"userIdentity":{identity},"userAgent":"c\\d","errorMessage":"a \"b\"",{rest}}}"#);
    let (one, two) = (record_with(json!({ "eventID": "1" })), record_with(json!({ "eventID": "2" })));
    let read_list = |records: [&String; 3]| {
        let outcome =
            read(format!(r#"{{"Records":[{}]}}"#, records.map(String::as_str).join(",")).as_bytes());
        assert_eq!(outcome.reasons(), Vec::<String>::new());
        outcome.events.into_iter().find(|event| event.id == "escaped").unwrap()
    };
    for escaped in [&at_the_end, &before_keys] {
        let first = read_list([escaped, &one, &two]);
        assert_eq!(first.actor.user_name, name);
        assert_eq!(
            [read_list([&one, escaped, &two]), read_list([&one, &two, escaped])],
            [first.clone(), first]
        );
    }
}
