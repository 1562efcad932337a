# Pub/Sub -> Cloud Run: commercetools publishes to a topic, Pub/Sub pushes with a signed token, Cloud Run serves.
terraform {
  required_version = ">= 1.5"
  required_providers {
    google = { source = "hashicorp/google", version = "~> 6.0" }
  }
}

variable "project" { type = string }
variable "region" { default = "europe-west1" }
variable "image" { type = string }
# Names of secrets that exist in Secret Manager; none is written here.
variable "secrets" {
  type = map(string)
  default = {
    KLAVIYO_AUTH_KEY = "klaviyo-auth-key"
    CT_API_CLIENT    = "commercetools-api-client"
    API_TOKEN        = "commercetools-klaviyo-token"
  }
}
# CT_PROJECT_ID, CT_API_URL, CT_AUTH_URL and whatever else docs/configuration.md lists.
variable "environment" { type = map(string) }

provider "google" {
  project = var.project
  region  = var.region
}

locals {
  audience = "commercetools-klaviyo"
}

# Stays enabled after `terraform destroy`, since other services of the project may use them.
resource "google_project_service" "apis" {
  for_each           = toset(["iam.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com", "secretmanager.googleapis.com"])
  service            = each.value
  disable_on_destroy = false
}

resource "google_pubsub_topic" "messages" {
  name       = "commercetools"
  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic_iam_member" "commercetools" {
  topic  = google_pubsub_topic.messages.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:subscriptions@commercetools-platform.iam.gserviceaccount.com"
}

resource "google_service_account" "push" {
  account_id = "commercetools-klaviyo-push"
  depends_on = [google_project_service.apis]
}

resource "google_service_account" "service" {
  account_id = "commercetools-klaviyo"
  depends_on = [google_project_service.apis]
}

resource "google_secret_manager_secret_iam_member" "service" {
  for_each  = var.secrets
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.service.email}"
}

resource "google_cloud_run_v2_service" "service" {
  name     = "commercetools-klaviyo"
  location = var.region
  # The provider's default would refuse `terraform destroy`.
  deletion_protection = false

  template {
    service_account                  = google_service_account.service.email
    max_instance_request_concurrency = 80
    timeout                          = "60s"

    scaling {
      min_instance_count = 1
      max_instance_count = 5
    }

    containers {
      image = var.image

      resources {
        # Bulk syncs run between requests.
        cpu_idle = false
        limits   = { cpu = "1", memory = "1Gi" }
      }

      startup_probe {
        http_get { path = "/health" }
      }
      liveness_probe {
        http_get { path = "/health" }
      }

      env {
        name  = "PUSH_PUBSUB_AUDIENCE"
        value = local.audience
      }
      env {
        name  = "PUSH_PUBSUB_SERVICE_ACCOUNT"
        value = google_service_account.push.email
      }
      dynamic "env" {
        for_each = var.environment
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = var.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
          }
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.service]
}

# The service verifies the tokens itself, so Cloud Run lets every request through: /sync is called from outside too.
resource "google_cloud_run_v2_service_iam_member" "public" {
  name     = google_cloud_run_v2_service.service.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_pubsub_subscription" "push" {
  name                       = "commercetools-klaviyo"
  topic                      = google_pubsub_topic.messages.name
  ack_deadline_seconds       = 30
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = "${google_cloud_run_v2_service.service.uri}/"
    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = local.audience
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy { ttl = "" }
}

output "topic" {
  description = "for ctk subscriptions apply --pubsub"
  value       = google_pubsub_topic.messages.id
}

output "url" {
  description = "dashboard and API of the service"
  value       = google_cloud_run_v2_service.service.uri
}
