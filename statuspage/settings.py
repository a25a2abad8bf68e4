"""All settings, from the environment only, safe in production unless it says otherwise.

Every variable is described in docs/operating.md; `X_FILE` reads `X` from a file.
Misconfiguration is reported by `statuspage/checks.py`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from common.patience import PatientConnection
from statuspage import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.boolean("DEBUG")
SECRET_KEY = env.text("SECRET_KEY")
# Signs notices that are written by hand while the database is gone; empty: derived from SECRET_KEY.
EMERGENCY_KEY = env.text("EMERGENCY_KEY")
# The newest version in the changelog.
RELEASE: str = re.findall(r"(?m)^## (\S+)", (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8"))[0]

# Hosts and links -----------------------------------------------------------------------------------
APP_HOSTS = env.words("APP_HOSTS", "localhost,127.0.0.1" if DEBUG else "")
PAGES_DOMAIN = env.text("PAGES_DOMAIN", "localhost" if DEBUG else "")
PUBLIC_SCHEME = env.text("PUBLIC_SCHEME", "http" if DEBUG else "https")
PUBLIC_PORT = env.integer("PUBLIC_PORT", 8000 if DEBUG else 443)
DEFAULT_PAGE_HOST = env.text("DEFAULT_PAGE_HOST") if DEBUG else ""
# Page hosts are checked against the host registry by statuspage/asgi.py and public/; the list here cannot
# know them.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "statuspage.urls"
PAGE_URLCONF = "public.urls"
APPEND_SLASH = True

# Signing in by other services: those that are told who we are -----------------------------------------
SOCIALACCOUNT_PROVIDERS, SIGN_IN_BY_MISSING = env.sign_in_by(
    google=env.texts("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
    github=env.texts("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"),
    openid_connect=env.texts("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_SERVER_URL"),
)
# Where a form of ours may lead on to, beside ourselves.
SIGN_IN_ORIGINS = env.sign_in_origins(SOCIALACCOUNT_PROVIDERS)

# Apps ----------------------------------------------------------------------------------------------
SHARED_APPS = [
    "django_tenants",
    "statuspage",
    "outbox",
    "tenants",
    "notifications",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS),
    "accounts",
    "publishing",
    "public",
    "api",
    "dashboard",
]
TENANT_APPS = [
    "events",
    "pages",
    "copies",
    "components",
    "incidents",
    "metrics",
    "viewers",
    "subscribers",
    "importing",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "tenants.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "statuspage.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "statuspage.middleware.StaticFiles",
    "statuspage.middleware.SecurityHeaders",
    "statuspage.middleware.Language",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "statuspage.middleware.Organisation",
    "publishing.waiting.AwaitPublishing",
    "statuspage.middleware.DatabaseAway",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.account_context",
                "dashboard.shell.shell",
            ],
        },
    },
]

# PostgreSQL ----------------------------------------------------------------------------------------
# A pool is shared by a process's threads. Forking with an open pool hangs, so migrations go without.
DATABASE_POOL = env.integer("DATABASE_POOL", 12)
# Whoever waits for a server that is away hears of it soon. A pool that has given up tries again at the next
# request; one that has not would do so less and less often, and miss for minutes that the server is back.
_POOL = {
    "min_size": 1,
    "max_size": DATABASE_POOL,
    "timeout": 2,
    "reconnect_timeout": 2,
    "connection_class": PatientConnection,
}
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        **env.database(),
        "CONN_MAX_AGE": 0,
        # A connection that a restart of the database broke is not handed out.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            # A server that vanished without a word is waited for this long, not for the system's 15 minutes.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "application_name": env.text("APPLICATION_NAME", "statuspage"),
            **({"pool": _POOL} if DATABASE_POOL else {}),
        },
    }
}
# The search path is set once a switch of tenants, not before every statement; rollbacks forget it.
TENANT_LIMIT_SET_CALLS = True
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

# Redis: broker, published documents and limits apart, so that none evicts another's keys -----------
REDIS_URL = env.text("REDIS_URL")
BROKER_URL = env.text("BROKER_URL", env.redis_database(REDIS_URL, 0))
STORE_REDIS_URL = env.text("STORE_REDIS_URL", env.redis_database(REDIS_URL, 1))
LIMITS_REDIS_URL = env.text("LIMITS_REDIS_URL", env.redis_database(REDIS_URL, 2))
CACHES = {
    # What django-allauth counts: in Redis, and in this process while Redis is away.
    "default": {"BACKEND": "accounts.cache.SteadyCache"},
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "limits": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": LIMITS_REDIS_URL or "redis://127.0.0.1:6379/2",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.5, "SOCKET_TIMEOUT": 0.5},
    },
}

# Published documents -------------------------------------------------------------------------------
STORE_DIR = Path(env.text("STORE_DIR", str(BASE_DIR / "var" / "store")))
# Requests to be told that wait for the database.
SPOOL_DIR = Path(env.text("SPOOL_DIR", str(STORE_DIR.parent / "spool")))

# Where pages may be copied to on this machine, a folder for each organisation; empty: nowhere.
COPIES_ROOT = env.text("COPIES_ROOT")

# Caches in front that forget a page when it was stored: none, cloudflare, fastly or generic ---------
PURGER = env.text("PURGER", "none")
PURGE_URLS = env.words("PURGE_URLS")
PURGE_SERVICE_ID = env.text("PURGE_SERVICE_ID")
PURGE_TOKEN = env.text("PURGE_TOKEN")
PURGE_METHOD = env.text("PURGE_METHOD", "BAN")

# Celery: wake-ups only; what is due is a row in the outbox -----------------------------------------
CELERY_BROKER_URL = BROKER_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
# A wake-up that gets lost is missed by nobody, the ticker gives the next one; so none is kept to be repeated.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 15,
    "socket_connect_timeout": 2,
    "health_check_interval": 25,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "global_keyprefix": "statuspage:",
    # Who sends a hint does not wait for a broker that is away.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "connect_retries_timeout": 1,
}
CELERY_VISIBILITY_TIMEOUT = 300
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False

# Addresses beyond the open internet that webhooks and probes may call; for local sinks.
EGRESS_ALLOW_NETS = env.words("EGRESS_ALLOW_NETS")
# Where the local stack keeps what it would send, so that nothing leaves the machine.
MESSAGES_DIR = env.text("MESSAGES_DIR") if DEBUG else ""

# Where a process shows its measures to Prometheus; 0: nowhere.
METRICS_PORT = env.integer("METRICS_PORT", 0)
METRICS_HOST = env.text("METRICS_HOST", "127.0.0.1")

# What a key may ask for in any minute, unless the key says otherwise ---------------------------------
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 60)

# E-mail --------------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
_SMTP = env.smtp()
EMAIL_HOST = _SMTP["EMAIL_HOST"]
EMAIL_PORT = _SMTP["EMAIL_PORT"]
EMAIL_HOST_USER = _SMTP["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _SMTP["EMAIL_HOST_PASSWORD"]
EMAIL_USE_SSL = _SMTP["EMAIL_USE_SSL"]
EMAIL_USE_TLS = _SMTP["EMAIL_USE_TLS"]
EMAIL_TIMEOUT = 10
# Who sends for us: smtp, or a service that anymail knows, the preferred first.
EMAIL_PROVIDERS = env.mail_providers("EMAIL_URL", "EMAIL_SECOND_URL")
# Names of the keys that mail is signed with, and whom to ask for them, as host:port, if not the system.
DKIM_SELECTORS = env.words("DKIM_SELECTORS")
DNS_SERVERS = env.words("DNS_SERVERS")
# Mail about what happened longer ago than so many minutes goes as one summary a subscriber.
MAIL_SUMMARY_AFTER = timedelta(minutes=env.integer("MAIL_SUMMARY_AFTER", 120))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "status@localhost" if DEBUG else "")

# An app of ours at Slack, by which people choose a channel; without it they paste its address.
SLACK_CLIENT_ID = env.text("SLACK_CLIENT_ID")
SLACK_CLIENT_SECRET = env.text("SLACK_CLIENT_SECRET")
SLACK_URL = env.text("SLACK_URL", "https://slack.com")

# SMS: who sends it, the preferred first, to which countries, and for how much ------------------------
SMS_PROVIDERS = env.words("SMS_PROVIDERS")
SMS_COUNTRIES = env.words("SMS_COUNTRIES")
SMS_PRICES = env.prices("SMS_PRICES", "*=0.10")
SMS_DAILY_CAP = env.decimal("SMS_DAILY_CAP", "50")
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_MESSAGING_SERVICE = env.text("TWILIO_MESSAGING_SERVICE")
TWILIO_FROM = env.text("TWILIO_FROM")
TWILIO_API_URL = env.text("TWILIO_API_URL", "https://api.twilio.com")
SMS_GATEWAY_URL = env.text("SMS_GATEWAY_URL")
SMS_GATEWAY_BODY = env.text("SMS_GATEWAY_BODY")
SMS_GATEWAY_CONTENT_TYPE = env.text("SMS_GATEWAY_CONTENT_TYPE", "application/json")
SMS_GATEWAY_AUTHORIZATION = env.text("SMS_GATEWAY_AUTHORIZATION")
SMS_GATEWAY_FROM = env.text("SMS_GATEWAY_FROM")
SMS_GATEWAY_ID = env.text("SMS_GATEWAY_ID", "id")
SMS_GATEWAY_LOOKUP_URL = env.text("SMS_GATEWAY_LOOKUP_URL")
SMS_GATEWAY_SECRET = env.text("SMS_GATEWAY_SECRET")

# Accounts ------------------------------------------------------------------------------------------
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = LOGOUT_REDIRECT_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/o/"
# Who may make an account: open (anybody), invited (whoever a member invites) or closed (nobody).
SIGNUP = env.text("SIGNUP", "open" if DEBUG else "invited")
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_SESSION_REMEMBER = True
# What cannot be undone asks once more who is there, unless that was asked so many seconds ago.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAdapter"
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Browsers themselves allow passkeys without TLS at localhost alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
CSRF_FAILURE_VIEW = "dashboard.views.refused.token_refused"
SESSION_COOKIE_NAME = "session" if DEBUG else "__Host-session"
CSRF_COOKIE_NAME = "csrf" if DEBUG else "__Host-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_SSL_REDIRECT = False
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_PROXY") else None

# Language, time, static files ----------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Of the dashboard; pages have their own.
DASHBOARD_LANGUAGES = ["en", "de"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
# They take precedence over Django's own.
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "statuspage.formats"
STATIC_URL = "/static/"
# Locally files are found where they lie; production collects them once a release.
STATIC_ROOT = None if DEBUG else Path(env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
_STATIC = ("page", "admin_extra", "dev", "css", "dashboard", "vendor", "api")
STATICFILES_DIRS = [(name, BASE_DIR / "static" / name) for name in _STATIC]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

LOGGING = logs.configuration(env.text("LOG_FORMAT", "console" if DEBUG else "json"))
LOGGING_CONFIG = "statuspage.logs.configure"

# Where the local supervisor notes its processes, for the health page.
CHILDREN_PATH = env.text("CHILDREN_PATH")

# By which the local supervisor knows its own web server.
INSTANCE = env.text("INSTANCE")

# Who writes events: one name per region, never used twice.
ORIGIN_NODE = env.text("ORIGIN_NODE", "local")
