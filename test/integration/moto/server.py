"""moto's server, made to deploy a CDK app: corrects errors of its CloudFormation and adds the resource types that it lacks.

usage: python3 server.py PORT        clients use http://localhost:PORT

Added types are created by calls to the server itself, as CloudFormation would make them. Alarms are not evaluated, schedules do not fire,
and nothing is invoked: the tests do that.
"""

import json
import sys

import boto3
from moto.cloudformation import models as cloudformation
from moto.core.common_models import CloudFormationModel
from moto.kms import models as kms
from moto.ssm import models as ssm

PORT = sys.argv[1]


def client(service, region):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{PORT}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


# A key's tags come as Key and Value; its backend wants TagKey and TagValue.
create_key = kms.Key.create_from_cloudformation_json.__func__


def create_tagged_key(cls, name, template, account, region, **kwargs):
    properties = template["Properties"]
    properties["Tags"] = [
        {"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", []) if "Key" in tag
    ]
    return create_key(cls, name, template, account, region, **kwargs)


kms.Key.create_from_cloudformation_json = classmethod(create_tagged_key)

# A parameter's tags come as a map; its backend wants a list.
create_parameter = ssm.Parameter.create_from_cloudformation_json.__func__


def create_tagged_parameter(cls, name, template, account, region, **kwargs):
    tags = template["Properties"].get("Tags")
    if isinstance(tags, dict):
        template["Properties"]["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return create_parameter(cls, name, template, account, region, **kwargs)


ssm.Parameter.create_from_cloudformation_json = classmethod(create_tagged_parameter)


# An update may use the previous value of a parameter that only ever had its default.
def previous_parameters(self, instance, incoming_params):
    values = {each["ParameterKey"]: each["ParameterValue"] for each in incoming_params if "ParameterValue" in each}
    for each in incoming_params:
        if each.get("UsePreviousValue") and each["ParameterKey"] in instance.parameters:
            values[each["ParameterKey"]] = instance.parameters[each["ParameterKey"]]
    return values


cloudformation.CloudFormationBackend._resolve_update_parameters = previous_parameters


def resource_type(type_name, create, delete=None):
    """Teaches moto's CloudFormation a type. `create` gives the physical id and the attributes."""

    class Resource(CloudFormationModel):
        __module__ = "moto.added.models"

        def __init__(self, physical_id, attributes):
            self._physical_id, self.attributes = physical_id, attributes

        @property
        def physical_resource_id(self):
            return self._physical_id

        @physical_resource_id.setter
        def physical_resource_id(self, value):
            self._physical_id = value

        @staticmethod
        def cloudformation_name_type():
            return ""

        @staticmethod
        def cloudformation_type():
            return type_name

        @classmethod
        def has_cfn_attr(cls, attr):
            return True

        def get_cfn_attribute(self, name):
            return self.attributes.get(name, self._physical_id)

        @classmethod
        def create_from_cloudformation_json(cls, name, template, account, region, **kwargs):
            return cls(*create(name, template.get("Properties", {}), region))

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
        ):
            name = original_resource.physical_resource_id
            cls.delete_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
            return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

        @classmethod
        def delete_from_cloudformation_json(cls, name, template, account, region):
            if delete:
                delete(name, region)

    Resource.__name__ = type_name.replace("::", "")
    return Resource


def make_function(name, properties, region):
    kept = ("Code", "Role", "Handler", "Runtime", "Timeout", "MemorySize", "Environment", "Description", "Architectures")
    wanted = {key: value for key, value in properties.items() if key in kept}
    wanted.update(FunctionName=properties.get("FunctionName", name), Timeout=int(properties.get("Timeout", 3)))
    wanted["MemorySize"] = int(properties.get("MemorySize", 128))
    arn = client("lambda", region).create_function(**wanted)["FunctionArn"]
    return wanted["FunctionName"], {"Arn": arn}


def make_version(name, properties, region):
    made = client("lambda", region).publish_version(FunctionName=properties["FunctionName"])
    return made["FunctionArn"], {"Version": made["Version"], "FunctionArn": made["FunctionArn"]}


def make_alias(name, properties, region):
    made = client("lambda", region).create_alias(
        FunctionName=properties["FunctionName"],
        Name=properties["Name"],
        FunctionVersion=properties["FunctionVersion"].split(":")[-1],
    )
    return made["AliasArn"], {"AliasArn": made["AliasArn"]}


def make_subscription(name, properties, region):
    arn = client("sns", region).subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return arn, {"Arn": arn}


def make_topic_policy(name, properties, region):
    for topic in properties["Topics"]:
        client("sns", region).set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(properties["PolicyDocument"])
        )
    return name, {}


def make_queue_policy(name, properties, region):
    for queue in properties["Queues"]:
        client("sqs", region).set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": json.dumps(properties["PolicyDocument"])}
        )
    return name, {}


def make_bucket_policy(name, properties, region):
    # moto enforces policies without their conditions: "deny what is not TLS", or "deny what replaces an object", would
    # deny everything.
    document = dict(properties["PolicyDocument"])
    ignored = ("aws:SecureTransport", "s3:if-none-match")
    document["Statement"] = [
        each
        for each in document["Statement"]
        if not any(key in json.dumps(each.get("Condition", {})) for key in ignored)
    ]
    if document["Statement"]:
        client("s3", region).put_bucket_policy(Bucket=properties["Bucket"], Policy=json.dumps(document))
    return properties["Bucket"], {}


def make_schedule(name, properties, region):
    kept = ("ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target", "FlexibleTimeWindow", "Description")
    wanted = {key: value for key, value in properties.items() if key in kept}
    wanted["Name"] = properties.get("Name", name)
    policy = wanted["Target"].get("RetryPolicy", {})
    for key in policy:
        policy[key] = int(policy[key])
    return wanted["Name"], {"Arn": client("scheduler", region).create_schedule(**wanted)["ScheduleArn"]}


def make_alarm(name, properties, region):
    wanted = dict(properties, AlarmName=properties.get("AlarmName", name))
    wanted.pop("Tags", None)
    for key in ("EvaluationPeriods", "Period", "DatapointsToAlarm"):
        if key in wanted:
            wanted[key] = int(wanted[key])
    wanted["Threshold"] = float(wanted["Threshold"])
    client("cloudwatch", region).put_metric_alarm(**wanted)
    return wanted["AlarmName"], {"Arn": f"arn:aws:cloudwatch:{region}:123456789012:alarm:{wanted['AlarmName']}"}


def make_dashboard(name, properties, region):
    wanted = properties.get("DashboardName", name)
    client("cloudwatch", region).put_dashboard(DashboardName=wanted, DashboardBody=properties["DashboardBody"])
    return wanted, {}


def make_query(name, properties, region):
    # moto keeps no queries: this only checks that their log groups are there.
    for group in properties["LogGroupNames"]:
        found = client("logs", region).describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        if group not in [each["logGroupName"] for each in found]:
            raise ValueError(f"the query {properties['Name']} has no log group {group}")
    return f"{properties['Name']}/{name}", {}


def make_invoke_config(name, properties, region):
    kept = ("FunctionName", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    wanted = {key: value for key, value in properties.items() if key in kept}
    for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
        if key in wanted:
            wanted[key] = int(wanted[key])
    client("lambda", region).put_function_event_invoke_config(**wanted)
    return f"{properties['FunctionName']}|{properties.get('Qualifier', '$LATEST')}", {}


def make_stack_set(name, properties, region):
    kept = ("StackSetName", "Description", "TemplateBody", "PermissionModel", "AutoDeployment", "Capabilities", "Parameters")
    wanted = {key: value for key, value in properties.items() if key in kept}
    if "AutoDeployment" in wanted:
        wanted["AutoDeployment"] = {key: str(value).lower() == "true" for key, value in wanted["AutoDeployment"].items()}
    stack_sets = client("cloudformation", region)
    stack_sets.create_stack_set(**wanted)
    for group in properties.get("StackInstancesGroup", []):
        stack_sets.create_stack_instances(
            StackSetName=wanted["StackSetName"],
            DeploymentTargets=group["DeploymentTargets"],
            Regions=group["Regions"],
        )
    return wanted["StackSetName"], {"StackSetId": wanted["StackSetName"]}


# moto finds types among the subclasses that are alive: this keeps them so.
TYPES = [
    resource_type("AWS::CloudFormation::StackSet", make_stack_set),
    resource_type(
        "AWS::Lambda::Function",
        make_function,
        lambda name, region: client("lambda", region).delete_function(FunctionName=name),
    ),
    resource_type("AWS::Logs::QueryDefinition", make_query),
    resource_type("AWS::Lambda::EventInvokeConfig", make_invoke_config),
    resource_type("AWS::Lambda::Version", make_version),
    resource_type("AWS::Lambda::Alias", make_alias),
    resource_type(
        "AWS::SNS::Subscription",
        make_subscription,
        lambda name, region: client("sns", region).unsubscribe(SubscriptionArn=name),
    ),
    resource_type("AWS::SNS::TopicPolicy", make_topic_policy),
    resource_type("AWS::SQS::QueuePolicy", make_queue_policy),
    resource_type("AWS::S3::BucketPolicy", make_bucket_policy),
    resource_type(
        "AWS::Scheduler::Schedule",
        make_schedule,
        lambda name, region: client("scheduler", region).delete_schedule(Name=name),
    ),
    resource_type(
        "AWS::CloudWatch::Alarm",
        make_alarm,
        lambda name, region: client("cloudwatch", region).delete_alarms(AlarmNames=[name]),
    ),
    resource_type(
        "AWS::CloudWatch::Dashboard",
        make_dashboard,
        lambda name, region: client("cloudwatch", region).delete_dashboards(DashboardNames=[name]),
    ),
]

from moto.server import main  # noqa: E402  after the types, which it collects

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", PORT])
