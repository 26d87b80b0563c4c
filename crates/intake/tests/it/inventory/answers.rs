//! Answers of services, as the command line of AWS stores them.

use serde_json::{Value, json};

use crate::rows::rows_of;
use crate::support::read;

fn text(answers: &[Value]) -> String {
    let lines: Vec<String> = answers.iter().map(Value::to_string).collect();
    lines.join("\n")
}

fn wrapped(about: &str, output: &Value) -> Value {
    json!({"account": "111122223333", "region": "eu-central-1", "about": about, "output": output})
}

const ROLE: &str = "arn:aws:iam::111122223333:role/web";

fn here(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:eu-central-1:111122223333:{rest}")
}

#[test]
fn workloads_run_as_roles() {
    let answers = [
        json!({"Functions": [{"FunctionName": "f", "FunctionArn": here("lambda", "function:f"), "Role": ROLE}], "NextMarker": null}),
        json!({"Configuration": {"FunctionName": "g", "FunctionArn": here("lambda", "function:g"), "Role": ROLE}, "Code": {}, "Tags": {"team": "a"}}),
        json!({"taskDefinition": {"taskDefinitionArn": here("ecs", "task-definition/t:3"), "family": "t", "taskRoleArn": ROLE,
            "executionRoleArn": "arn:aws:iam::111122223333:role/starts", "registeredAt": 1_767_225_600.5}, "tags": []}),
        json!({"services": [{"serviceArn": here("ecs", "service/c/s"), "serviceName": "s", "clusterArn": here("ecs", "cluster/c"),
            "taskDefinition": here("ecs", "task-definition/t:3"), "status": "ACTIVE"}], "failures": []}),
        json!({"tasks": [{"taskArn": here("ecs", "task/c/1"), "taskDefinitionArn": here("ecs", "task-definition/t:3"),
            "overrides": {"taskRoleArn": ROLE}, "lastStatus": "RUNNING"}], "failures": []}),
        json!({"projects": [{"name": "p", "arn": here("codebuild", "project/p"), "serviceRole": ROLE,
            "tags": [{"key": "team", "value": "a"}]}], "projectsNotFound": []}),
        json!({"Jobs": [{"Name": "j", "Role": ROLE, "Command": {}}]}),
        wrapped("", &json!({"DevEndpoints": [{"EndpointName": "d", "RoleArn": ROLE, "Status": "READY"}]})),
        json!({"NotebookInstanceArn": here("sagemaker", "notebook-instance/n"), "NotebookInstanceName": "n", "RoleArn": ROLE,
            "NotebookInstanceStatus": "InService"}),
        json!({"Stacks": [{"StackId": here("cloudformation", "stack/s/1"), "StackName": "s", "RoleARN": ROLE,
            "StackStatus": "CREATE_COMPLETE"}]}),
        json!({"Service": {"ServiceArn": here("apprunner", "service/a/1"), "ServiceName": "a",
            "InstanceConfiguration": {"InstanceRoleArn": ROLE}, "Status": "RUNNING"}}),
        json!({"association": {"associationArn": here("eks", "podidentityassociation/c/a-1"), "associationId": "a-1",
            "clusterName": "c", "namespace": "default", "serviceAccount": "web", "roleArn": ROLE}}),
        json!({"cluster": {"name": "c", "arn": here("eks", "cluster/c"), "roleArn": ROLE, "status": "ACTIVE",
            "identity": {"oidc": {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABCD"}}}}),
        json!({"codeInterpreterId": "x", "codeInterpreterArn": here("bedrock-agentcore", "code-interpreter/x"), "name": "x",
            "executionRoleArn": ROLE, "status": "READY"}),
    ];
    insta::assert_snapshot!(rows_of(text(&answers).as_bytes()).join("\n"));
}

#[test]
fn instances_run_as_the_roles_of_their_profiles() {
    let profile = "arn:aws:iam::111122223333:instance-profile/web";
    let instance = |id: &str, profile: &str| {
        json!({"InstanceId": id, "Placement": {"AvailabilityZone": "eu-central-1a"}, "State": {"Name": "running"},
            "IamInstanceProfile": {"Arn": profile}, "Tags": [{"Key": "team", "Value": "a"}]})
    };
    let version = |number: u8, default: bool| {
        json!({"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "VersionNumber": number, "DefaultVersion": default,
            "CreatedBy": "arn:aws:iam::111122223333:user/ops", "CreateTime": "2026-01-01T00:00:00Z",
            "LaunchTemplateData": {"IamInstanceProfile": {"Name": "web"}, "UserData": "c2VjcmV0"}})
    };
    let other = "arn:aws:iam::111122223333:instance-profile/other";
    let answers = [
        json!({"Reservations": [{"OwnerId": "111122223333", "Instances": [instance("i-1", profile), instance("i-2", other)]}]}),
        wrapped("", &json!({"LaunchTemplateVersions": [version(1, false), version(2, true)]})),
        json!({"InstanceProfiles": [{"InstanceProfileId": "AIPA1", "InstanceProfileName": "web", "Arn": profile,
            "Roles": [{"RoleName": "web", "Arn": ROLE, "AssumeRolePolicyDocument": {}}]}]}),
    ];
    insta::assert_snapshot!(rows_of(text(&answers).as_bytes()).join("\n"));
}

/// Members of objects stand in the order of their names, so that it makes no difference whether that is kept.
fn policy(resource: &str) -> String {
    json!({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": resource}]})
        .to_string()
}

#[test]
fn policies_of_resources() {
    let blocked = json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true,
        "BlockPublicPolicy": false, "RestrictPublicBuckets": false}});
    let answers = [
        wrapped("arn:aws:s3:::b", &json!({"Policy": policy("arn:aws:s3:::b/*")})),
        wrapped("arn:aws:s3:::b", &blocked),
        json!({"account": "111122223333", "output": blocked}),
        wrapped(
            "",
            &json!({"Buckets": [{"Name": "c", "CreationDate": "2026-01-01T00:00:00Z"}], "Owner": {"ID": "1"}}),
        ),
        wrapped(&here("kms", "key/k"), &json!({"Policy": policy("*"), "PolicyName": "default"})),
        json!({"Policy": policy(&here("lambda", "function:f")), "RevisionId": "r"}),
        json!({"Attributes": {"QueueArn": here("sqs", "q"), "Policy": policy("*")}}),
        json!({"Attributes": {"TopicArn": here("sns", "t"), "Owner": "111122223333", "Policy": policy("*")}}),
        json!({"ARN": here("secretsmanager", "secret:s-1"), "Name": "s", "ResourcePolicy": policy("*")}),
        json!({"ARN": here("secretsmanager", "secret:open-1"), "Name": "open"}),
        wrapped("", &json!({"registryId": "111122223333", "repositoryName": "r", "policyText": policy("*")})),
        json!({"resource": here("dynamodb", "table/t"), "policy": {"Statement": []}}),
    ];
    insta::assert_snapshot!(rows_of(text(&answers).as_bytes()).join("\n"));
}

#[test]
fn an_organisation() {
    let arn = |rest: &str| format!("arn:aws:organizations::111122223333:{rest}");
    let control = |id: &str, kind: &str| json!({"Id": id, "Arn": arn(&format!("policy/o-1/{kind}/{id}")), "Name": id, "Type": kind.to_uppercase(), "AwsManaged": false});
    let aws = json!({"Id": "p-FullAWSAccess", "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
        "Name": "FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": true});
    let unit = arn("ou/o-1/ou-1-a");
    let about = |about: &str, output: &Value| json!({"about": about, "output": output});
    let document = json!({"Statement": [{"Action": "*", "Effect": "Allow", "Resource": "*"}]}).to_string();
    let answers = [
        json!({"Organization": {"Id": "o-1", "Arn": arn("organization/o-1"), "MasterAccountId": "111122223333"}}),
        json!({"Roots": [{"Id": "r-1", "Arn": arn("root/o-1/r-1"), "Name": "Root", "PolicyTypes": []}]}),
        about(
            &arn("root/o-1/r-1"),
            &json!({"OrganizationalUnits": [{"Id": "ou-1-a", "Arn": unit, "Name": "all"}]}),
        ),
        json!({"Accounts": [
            {"Id": "111122223333", "Arn": arn("account/o-1/111122223333"), "Name": "main", "Status": "ACTIVE"},
            {"Id": "444455556666", "Arn": arn("account/o-1/444455556666"), "Name": "one", "Status": "ACTIVE"}]}),
        about(&unit, &json!({"Children": [{"Id": "444455556666", "Type": "ACCOUNT"}]})),
        about(&arn("account/o-1/111122223333"), &json!({"Parents": [{"Id": "r-1", "Type": "ROOT"}]})),
        json!({"Policies": [aws]}),
        about(
            &unit,
            &json!({"Policies": [aws, control("p-1", "service_control_policy"), control("p-2", "tag_policy")]}),
        ),
        about(
            &arn("policy/o-1/resource_control_policy/p-3"),
            &json!({"Targets": [{"TargetId": "r-1", "Arn": arn("root/o-1/r-1"), "Name": "Root", "Type": "ROOT"}]}),
        ),
        json!({"Policy": {"PolicySummary": control("p-1", "service_control_policy"), "Content": document}}),
        json!({"Policy": {"PolicySummary": aws, "Content": document}}),
        json!({"Policy": {"PolicySummary": control("p-2", "tag_policy"), "Content": "{\"tags\":{}}"}}),
    ];
    insta::assert_snapshot!(rows_of(text(&answers).as_bytes()).join("\n"));
}

#[test]
fn identity_center() {
    let set = "arn:aws:sso:::permissionSet/ssoins-1/ps-1";
    let store = "d-1234567890";
    let about = |output: &Value| json!({"about": set, "output": output});
    let answers = [
        json!({"PermissionSets": [set, "arn:aws:sso:::permissionSet/ssoins-1/ps-2"]}),
        json!({"PermissionSet": {"Name": "Admin", "PermissionSetArn": set, "SessionDuration": "PT4H", "CreatedDate": "2026-01-01T00:00:00Z"}}),
        json!({"AccountAssignments": [
            {"AccountId": "111122223333", "PermissionSetArn": set, "PrincipalType": "GROUP", "PrincipalId": "g-1"},
            {"AccountId": "444455556666", "PermissionSetArn": set, "PrincipalType": "USER", "PrincipalId": "u-1"}]}),
        about(
            &json!({"AttachedManagedPolicies": [{"Name": "AdministratorAccess", "Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}),
        ),
        about(&json!({"CustomerManagedPolicyReferences": [{"Name": "own", "Path": "/teams/"}]})),
        about(&json!({"InlinePolicy": policy("*")})),
        about(&json!({"PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "limit"}}})),
        json!({"InlinePolicy": ""}),
        json!({"account": "111122223333", "output": {"Users": [{"IdentityStoreId": store, "UserId": "u-1", "UserName": "jane@example.com",
            "Emails": [{"Value": "jane@example.com", "Primary": true}]}]}}),
        json!({"Groups": [{"IdentityStoreId": store, "GroupId": "g-1", "DisplayName": "Admins"}]}),
        json!({"GroupMemberships": [{"IdentityStoreId": store, "MembershipId": "m-1", "GroupId": "g-1", "MemberId": {"UserId": "u-1"}}]}),
    ];
    insta::assert_snapshot!(rows_of(text(&answers).as_bytes()).join("\n"));
}

#[test]
fn findings_of_access_analyzer() {
    let of = |id: &str, more: &Value| {
        let mut finding = json!({"id": id, "resource": "arn:aws:s3:::b", "resourceType": "AWS::S3::Bucket",
            "resourceOwnerAccount": "111122223333", "status": "ACTIVE", "createdAt": "2026-01-01T00:00:00Z",
            "analyzedAt": "2026-01-02T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"});
        finding.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        finding
    };
    let outside = json!({"principal": {"AWS": "444455556666"}, "action": ["s3:GetObject"], "isPublic": false,
        "condition": {"aws:SourceVpc": "vpc-1"}, "resourceControlPolicyRestriction": "NOT_APPLICABLE"});
    let answers = [
        json!({"findings": [of("one", &outside)]}),
        json!({"findings": [of("two", &json!({"findingType": "UnusedIAMRole"}))]}),
        of(
            "three",
            &json!({"findingType": "ExternalAccess", "findingDetails": [{"externalAccessDetails": outside}]}),
        ),
        of(
            "four",
            &json!({"findingType": "UnusedPermission", "findingDetails": [{"unusedPermissionDetails": {
                "serviceNamespace": "s3", "lastAccessed": "2025-01-01T00:00:00Z", "actions": [{"action": "PutObject"}]}}]}),
        ),
        of(
            "five",
            &json!({"findingType": "UnusedIAMUserAccessKey", "findingDetails": [{"unusedIamUserAccessKeyDetails": {"accessKeyId": "AKIA1"}}]}),
        ),
    ];
    insta::assert_snapshot!(rows_of(text(&answers).as_bytes()).join("\n"));
}

#[test]
fn what_is_not_read_is_named_and_skipped() {
    let answers = [
        json!({"DBInstances": [{"DBInstanceArn": here("rds", "db:d")}], "Marker": "m"}),
        json!({"account": "111122223333", "output": {"QueueArns": [here("sqs", "q")]}}),
        json!({"Functions": [{"FunctionName": "f", "FunctionArn": here("lambda", "function:f"), "Role": ROLE}]}),
    ];
    let outcome = read(text(&answers).as_bytes());
    assert_eq!(outcome.skipped, ["answer of AWS with DBInstances", "answer of AWS with QueueArns"]);
    assert_eq!((outcome.reasons(), outcome.exports[0].resources.len()), (vec![], 1));
}
