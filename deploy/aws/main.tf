# SQS -> ECS: commercetools sends to a queue, tasks on Fargate read it. More tasks share the queue.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "region" { default = "eu-central-1" }
variable "image" { type = string }
variable "vpc" { type = string }
variable "subnets" { type = list(string) }
# Of the tasks: outgoing HTTPS, and port 8080 from the load balancer's group.
variable "security_groups" { type = list(string) }
# Of the load balancer: port 443 from those who use the dashboard and the API.
variable "load_balancer_security_groups" { type = list(string) }
# ARN of the certificate for the load balancer's address.
variable "certificate" { type = string }
variable "tasks" { default = 2 }
# ARNs of secrets that exist in Secrets Manager; none is written here.
variable "secrets" {
  type        = map(string)
  description = "KLAVIYO_AUTH_KEY, CT_API_CLIENT and API_TOKEN, each with the ARN of its secret"
}
# CT_PROJECT_ID, CT_API_URL, CT_AUTH_URL and whatever else docs/configuration.md lists.
variable "environment" { type = map(string) }

provider "aws" {
  region = var.region
}

resource "aws_sqs_queue" "messages" {
  name                       = "commercetools"
  message_retention_seconds  = 1209600
  visibility_timeout_seconds = 30
  # Messages of commercetools have up to 256 KB.
  max_message_size           = 262144
  sqs_managed_sse_enabled    = true
  # No redrive policy: the service keeps what can't be delivered as dead letters, and an outage must not use up tries.
}

data "aws_iam_policy_document" "queue" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.messages.arn]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::362576667341:user/subscriptions"]
    }
  }
}

resource "aws_sqs_queue_policy" "messages" {
  queue_url = aws_sqs_queue.messages.id
  policy    = data.aws_iam_policy_document.queue.json
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "task" {
  name               = "commercetools-klaviyo"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

data "aws_iam_policy_document" "read_queue" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
    resources = [aws_sqs_queue.messages.arn]
  }
}

resource "aws_iam_role_policy" "read_queue" {
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.read_queue.json
}

resource "aws_iam_role" "execution" {
  name               = "commercetools-klaviyo-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "read_secrets" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = values(var.secrets)
  }
}

resource "aws_iam_role_policy" "read_secrets" {
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.read_secrets.json
}

resource "aws_cloudwatch_log_group" "service" {
  name              = "/ecs/commercetools-klaviyo"
  retention_in_days = 30
}

resource "aws_ecs_cluster" "service" {
  name = "commercetools-klaviyo"
}

resource "aws_ecs_task_definition" "service" {
  family                   = "commercetools-klaviyo"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([{
    name                   = "service"
    image                  = var.image
    readonlyRootFilesystem = true
    user                   = "1000"
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    stopTimeout            = 40
    portMappings           = [{ containerPort = 8080 }]
    healthCheck = {
      command     = ["CMD", "node", "-e", "fetch('http://127.0.0.1:8080/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 15
    }
    environment = concat(
      [for name, value in var.environment : { name = name, value = value }],
      [{ name = "SQS_QUEUE_URL", value = aws_sqs_queue.messages.url }],
    )
    secrets = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.service.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "service"
      }
    }
  }])
}

# Dashboard and API. Messages arrive through the queue.
resource "aws_lb" "service" {
  name               = "commercetools-klaviyo"
  internal           = true
  load_balancer_type = "application"
  subnets            = var.subnets
  security_groups    = var.load_balancer_security_groups
}

resource "aws_lb_target_group" "service" {
  name                 = "commercetools-klaviyo"
  port                 = 8080
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.vpc
  deregistration_delay = 30
  health_check {
    path = "/health"
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.service.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service.arn
  }
}

resource "aws_ecs_service" "service" {
  name            = "commercetools-klaviyo"
  cluster         = aws_ecs_cluster.service.id
  task_definition = aws_ecs_task_definition.service.arn
  desired_count   = var.tasks
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = var.subnets
    security_groups = var.security_groups
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.service.arn
    container_name   = "service"
    container_port   = 8080
  }

  depends_on = [aws_lb_listener.https]
}

output "queue" {
  description = "for ctk subscriptions apply --sqs"
  value       = aws_sqs_queue.messages.url
}

output "url" {
  description = "dashboard and API; the certificate's name has to lead to this address"
  value       = "https://${aws_lb.service.dns_name}/"
}
