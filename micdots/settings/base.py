"""Settings that every way of running MicDots shares. Safe for production; every environment variable is read here.

``.env.example`` explains each variable. A secret ``X`` can also be given as a file: ``X_FILE=/run/secrets/x``.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from micdots.lib.storage_origins import storage_origins

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.FileAwareEnv()
_env_file = Path(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))
if _env_file.is_file():
    env.read_env(_env_file)

# --- Where things are -----------------------------------------------------------------------------------------------
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).expanduser().resolve()
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
# The address that people and phones use. It is printed into QR codes, so set it before codes are printed.
SITE_URL = env.str("SITE_URL", default=f"http://{HOST}:{PORT}").rstrip("/")
SITE_NAME = "MicDots"

# --- Processes ------------------------------------------------------------------------------------------------------
_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
WEB_WORKERS = env.int("WEB_WORKERS", default=min(max(_cores, 2), 4))
WEB_THREADS = env.int("WEB_THREADS", default=4)
# So many voices are made at once; each takes about one core.
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=_cores)

# --- Safety ---------------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
IS_PRODUCTION = False  # production.py says so
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname or HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])
_https = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Browsers heed it over https only, and complain in the console where it comes over http.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if _https else None
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "micdots.lib.error_pages.csrf_failure"
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if _https else 0)
# Only proxies that are named here may say who the visitor is (X-Forwarded-For, X-Forwarded-Proto).
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What a page may load: only what we serve, nothing inline. Audio and pictures may come from the object store.
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_REGION = env.str("S3_REGION", default="us-east-1")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="").rstrip("/")
S3_ADDRESSING_STYLE = env.str("S3_ADDRESSING_STYLE", default="auto")
CLOUDFRONT_DOMAIN = env.str("CLOUDFRONT_DOMAIN", default="")
_storage_origins = storage_origins(
    bucket=S3_BUCKET,
    region=S3_REGION,
    endpoint_url=S3_ENDPOINT_URL,
    addressing_style=S3_ADDRESSING_STYLE,
    cloudfront_domain=CLOUDFRONT_DOMAIN,
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:", *_storage_origins],
        "media-src": [SELF, "blob:", *_storage_origins],  # blob: what was just recorded is heard before it is sent
        "connect-src": [SELF, *_storage_origins],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# The back office's framework runs inline scripts and compiles expressions; nothing from elsewhere there either.
CONTENT_SECURITY_POLICY_ADMIN = {
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

# --- Parts ----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "corsheaders",
    "csp",
    "allauth",
    "allauth.account",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    # ours, lowest first
    "micdots.api",
    "accounts",
    "uploads",
    "generations",
    "plays",
    "dashboard",
]

MIDDLEWARE = [
    "micdots.lib.request_id.RequestIdMiddleware",
    "micdots.lib.client_address.ForwardedHeadersMiddleware",
    "micdots.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "micdots.lib.page_language.PageLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "micdots.api.page_bodies.PageBodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "micdots.lib.csp.PolicyMiddleware",
    "micdots.lib.error_pages.ErrorPagesMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "micdots.urls"
WSGI_APPLICATION = "micdots.wsgi.application"
# `/api/v1/…` answers with and without a slash by its own routes; a redirect would lose a POST's body.
APPEND_SLASH = True

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
            ],
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'micdots.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Kept open: a new connection reads the whole schema again and the last one to close writes the log back, which took
    # half of the time of a call.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that will write takes its lock at the start: two writers wait instead of failing half-way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": env.int("DATABASE_POOL_MIN", default=1),
        "max_size": env.int("DATABASE_POOL_MAX", default=8),
        "timeout": 10,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache and broker -----------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
REDIS_PREFIX = env.str("REDIS_PREFIX", default="micdots:")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": REDIS_PREFIX}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CELERY_BROKER_URL = "micdots-files://localhost"
    CELERY_WORKER_POOL = "micdots.lib.worker_pool:TaskPool"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker" / "queue"),
        "data_folder_out": str(VAR_DIR / "broker" / "queue"),
        "control_folder": str(VAR_DIR / "broker" / "control"),
        # Messages pass through this folder on their way, so it has to be on the same volume.
        "processed_folder": str(VAR_DIR / "broker" / "processed"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
CELERY_TASK_IGNORE_RESULT = True  # state lives in the models
CELERY_TASK_ACKS_LATE = False  # a lost message is found by the sweeper, whatever the broker
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False  # a traceback would come out as one log line a word
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT", default=3600)
CELERY_TIMEZONE = "UTC"

# --- Making a voice -------------------------------------------------------------------------------------------------
# A worker that holds a generation says so every few seconds; when it has not for this long, another one takes over.
GENERATION_LEASE_SECONDS = env.float("GENERATION_LEASE_SECONDS", default=30)
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=15)
GENERATION_MAX_ATTEMPTS = env.int("GENERATION_MAX_ATTEMPTS", default=3)
# The first wait after a fault that may pass; it doubles with each attempt.
GENERATION_RETRY_SECONDS = env.float("GENERATION_RETRY_SECONDS", default=5)
# A text whose worker died this often is given up (a kill is no failed try, so this is generous).
GENERATION_MAX_LOSSES = env.int("GENERATION_MAX_LOSSES", default=20)
# A queued row whose bell was lost is rung for again after this long.
GENERATION_QUEUE_PATIENCE_SECONDS = env.float("GENERATION_QUEUE_PATIENCE_SECONDS", default=60)
# A recording that holds more sound than this is refused: its worker would have no time for others.
MAX_RECORDING_SECONDS = env.int("MAX_RECORDING_SECONDS", default=3 * 3600)
DEFAULT_VOICE = env.str("DEFAULT_VOICE", default="espeak:en-gb")
DELETED_DOT_DAYS = env.int("DELETED_DOT_DAYS", default=30)

# --- Listening ------------------------------------------------------------------------------------------------------
# What was counted goes to a file here before the page is answered, and from there into the database: on a local disk,
# for a network's file system has neither the locks nor the speed.
SPOOL_DIR = Path(env.str("SPOOL_DIR", default=str(VAR_DIR / "spool"))).expanduser().resolve()
# How often each web process hands over what it has written down; 0: with the request itself.
TAKE_IN_SECONDS = env.float("TAKE_IN_SECONDS", default=1.0)
# Single events go after so many months; the figures made of them stay.
EVENT_MONTHS = env.int("EVENT_MONTHS", default=13)
# A MaxMind-format file with countries and cities. Without it they are unknown.
GEO_DATABASE = env.str("GEO_DATABASE", default="")
# Who may read /metrics: whoever brings this token, or without one only this machine.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "tidy-plays": {"task": "plays.tasks.tidy", "schedule": timedelta(minutes=10)},
    "drop-old-events": {"task": "plays.tasks.drop_old_events", "schedule": timedelta(days=1)},
    "mend-time-zones": {"task": "plays.tasks.mend_zones", "schedule": timedelta(days=1)},
    "send-weekly-figures": {"task": "dashboard.tasks.send_weekly_mails", "schedule": timedelta(minutes=15)},
    "purge-api": {"task": "micdots.api.tasks.purge", "schedule": timedelta(minutes=5)},
    "tidy-accounts": {"task": "accounts.tasks.tidy", "schedule": timedelta(days=1)},
    "sweep-generations": {"task": "generations.tasks.sweep", "schedule": timedelta(seconds=SWEEP_SECONDS)},
    "purge-deleted-dots": {"task": "generations.tasks.purge_deleted_dots", "schedule": timedelta(hours=1)},
    "delete-doomed-objects": {"task": "uploads.tasks.delete_doomed_objects", "schedule": timedelta(minutes=10)},
    "make-missing-previews": {"task": "uploads.tasks.make_missing_previews", "schedule": timedelta(minutes=10)},
    "remove-unfinished-objects": {"task": "uploads.tasks.remove_unfinished_objects", "schedule": timedelta(hours=6)},
    "sweep-uploads": {"task": "uploads.tasks.sweep_uploads", "schedule": timedelta(minutes=10)},
    "flag-unusual-uploads": {"task": "uploads.tasks.flag_unusual_uploads", "schedule": timedelta(hours=1)},
}
# Beat runs these itself: behind an hour of queued speech they would come an hour late.
CELERY_BEAT_SCHEDULER = "micdots.lib.housekeeping:Scheduler"
# Workers take from both in turn: a generation whose worker died does not wait behind those that never had their turn.
CELERY_TASK_DEFAULT_QUEUE, AGAIN_QUEUE = "celery", "again"
CELERY_TASK_QUEUES = [
    Queue(_queue, Exchange(_queue), routing_key=_queue) for _queue in (CELERY_TASK_DEFAULT_QUEUE, AGAIN_QUEUE)
]
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

# --- Accounts -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
WELCOME_TOKENS = env.int("WELCOME_TOKENS", default=10_000)
DEMO_TOKENS = env.int("DEMO_TOKENS", default=1_000_000)
DEMO_EMAIL = env.str("DEMO_EMAIL", default="demo@micdots.example")
# Made up on the first start and kept in VAR_DIR when it is not given.
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", default=True)
EMAIL_VERIFICATION_REQUIRED = env.bool("EMAIL_VERIFICATION_REQUIRED", default=False)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/home"
LOGOUT_REDIRECT_URL = "/"
SESSION_ENGINE = "accounts.session_store"
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
PASSWORD_RESET_TIMEOUT = 3600  # seconds that the link in the mail works
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "accounts.validators.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# The pages of sign-up and sign-in (django-allauth).
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_VERIFICATION_REQUIRED else "optional"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers get no mail because somebody typed their address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True  # one address; a new one takes its place when it is confirmed
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _https else "http"
# Ours hold across processes (micdots.api); allauth's count in the local cache of each.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.SignUpForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
}

# The API's tokens (simplejwt).
ACCESS_TOKEN_SECONDS = 3600
REFRESH_TOKEN_DAYS = 30
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=ACCESS_TOKEN_SECONDS),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=REFRESH_TOKEN_DAYS),
    "USER_ID_FIELD": "public_id",
    "USER_ID_CLAIM": "sub",
}

# --- Back office ----------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_SUBHEADER": _("Back office"),
    "SITE_SYMBOL": "graphic_eq",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("brand/favicon.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "DASHBOARD_CALLBACK": "micdots.lib.admin.panels_context",
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": True,
        "navigation": [
            {
                "items": [
                    {"title": _("Overview"), "icon": "home", "link": reverse_lazy("admin:index")},
                    {"title": _("Analytics"), "icon": "monitoring", "link": reverse_lazy("backoffice:analytics")},
                ]
            }
        ],
    },
}

# --- Objects --------------------------------------------------------------------------------------------------------
# Where they are (S3_*, CLOUDFRONT_DOMAIN) is set above: a page's policy has to know it.
CLOUDFRONT_KEY_ID = env.str("CLOUDFRONT_KEY_ID", default="")
CLOUDFRONT_KEY = env.str("CLOUDFRONT_KEY", default="")
# What `manage.py provision_storage` gives the bucket. Empty: encrypted with a key that S3 keeps (AES-256).
S3_KMS_KEY_ID = env.str("S3_KMS_KEY_ID", default="")
# Audio that has lain so long moves to a cheaper class; 0: never. Compatible servers seldom have another class.
S3_COLD_AFTER_DAYS = env.int("S3_COLD_AFTER_DAYS", default=0 if S3_ENDPOINT_URL else 90)
S3_COLD_STORAGE_CLASS = env.str("S3_COLD_STORAGE_CLASS", default="STANDARD_IA")
S3_OLD_VERSION_DAYS = env.int("S3_OLD_VERSION_DAYS", default=30)
MEDIA_DIR = VAR_DIR / "media"
SIGNED_URL_SECONDS = env.int("SIGNED_URL_SECONDS", default=3600)

# --- Uploads --------------------------------------------------------------------------------------------------------
STORAGE_QUOTA_BYTES = env.int("STORAGE_QUOTA_BYTES", default=5 * 1024**3)
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=100 * 1024**2)
MULTIPART_MAX_BYTES = env.int("MULTIPART_MAX_BYTES", default=2 * 1024**3)
MULTIPART_PART_BYTES = env.int("MULTIPART_PART_BYTES", default=8 * 1024**2)  # S3 takes no parts below 5 MiB
UPLOAD_URL_SECONDS = env.int("UPLOAD_URL_SECONDS", default=900)
TEMP_OBJECT_HOURS = env.int("TEMP_OBJECT_HOURS", default=24)
FILE_BIN_DAYS = env.int("FILE_BIN_DAYS", default=30)
UPLOAD_EVENT_DAYS = env.int("UPLOAD_EVENT_DAYS", default=365)
# tcp://host:3310 or unix:///run/clamav/clamd.ctl; without it nothing is scanned.
CLAMD_URL = env.str("CLAMD_URL", default="")
CLAMD_TIMEOUT_SECONDS = env.float("CLAMD_TIMEOUT_SECONDS", default=60)
# In how many hours, and how many: above that the pattern is unusual and staff are told.
UPLOAD_PATTERN_HOURS = env.int("UPLOAD_PATTERN_HOURS", default=24)
UPLOAD_PATTERN_UNUSED = env.int("UPLOAD_PATTERN_UNUSED", default=100)
UPLOAD_PATTERN_REJECTED = env.int("UPLOAD_PATTERN_REJECTED", default=20)

_audio_types = ["audio/mpeg", "audio/wav", "audio/mp4", "audio/ogg", "audio/webm", "audio/flac"]
_code_types = ["image/png", "image/jpeg", "image/svg+xml", "application/pdf"]
_document_types = [
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
]
_file_types = [
    *_audio_types, *_code_types, *_document_types,
    "text/plain", "text/csv", "application/zip", "video/mp4", "video/webm",
]  # fmt: skip
# What each scope takes. A list can only be narrowed: a type that MicDots cannot check is refused at start-up.
UPLOAD_CONTENT_TYPES = {
    scope: env.list(f"UPLOAD_CONTENT_TYPES_{scope.upper().replace('-', '_')}", default=types)
    for scope, types in {
        "audio": _audio_types,
        "qr-codes": _code_types,
        "files": _file_types,
        "temp": _file_types,
        "admin": _file_types,
    }.items()
}

# --- E-mail ---------------------------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="filemail:"))
if EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend":  # type: ignore[name-defined]  # noqa: F821
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
MAIL_LOG_DAYS = env.int("MAIL_LOG_DAYS", default=90)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"MicDots <no-reply@{urlsplit(SITE_URL).hostname}>"
)

# --- Languages and time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("ar", _("Arabic")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("fr", _("French")),
    ("it", _("Italian")),
]
# Pages for everybody, whoever is signed in: they do not look at the session.
PUBLIC_PATHS = ("/d/", "/D/", "/q/", "/Q/", "/s/", "/api/", "/static/", "/healthz", "/readyz", "/metrics", "/privacy")
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Below VAR_DIR by default; an image that is built once keeps them outside of the volume.
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(MEDIA_DIR)}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- API ------------------------------------------------------------------------------------------------------------
MAX_BODY_BYTES = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

REST_FRAMEWORK: dict[str, object] = {
    # Sessions do not open the API: a page on another site could then use a visitor's cookie.
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["micdots.api.envelope.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": ["micdots.api.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "micdots.api.envelope.JsonOnly",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "micdots.api.schema.EndpointSchema",
    "EXCEPTION_HANDLER": "micdots.api.exceptions.handle",
    "NON_FIELD_ERRORS_KEY": "body",
}
SPECTACULAR_SETTINGS: dict[str, object] = {
    "TITLE": "MicDots",
    "VERSION": "1",
    "DESCRIPTION": _(
        "Text in; voice, play page and QR code out. Every JSON answer is an envelope, lists are paged by cursor, "
        "times are UTC, and every answer has an X-Request-Id."
    ),
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVERS": [{"url": SITE_URL}],
    "CAMELIZE_NAMES": True,
    "COMPONENT_SPLIT_REQUEST": True,
    "GET_LIB_DOC_EXCLUDES": "micdots.api.schema.doc_excludes",
    "PATH_CONVERTER_OVERRIDES": {
        "id": {"type": "string", "format": "uuid"},
        "scope": {"type": "string", "enum": ["admin", "audio", "qr-codes", "temp", "files"]},
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "micdots.api.schema.add_components",
    ],
}

# How often an account (or, without one, an address) may call: calls per time, such as 10/m, 5/15m or 100/h, or off.
# Each is set by RATE_LIMIT_<NAME>; RATE_LIMITS=off lifts all of them (for load tests).
RATE_LIMITS_ENABLED = env.str("RATE_LIMITS", default="on").strip().lower() not in {"off", "0", "false", "no"}
RATE_LIMITS = {
    name: env.str(f"RATE_LIMIT_{name.upper()}", default=rate)
    for name, rate in {
        "api": "600/m",  # any call of the API
        "login": "10/m",  # attempts to sign in, of one address and on one account
        "register": "20/h",
        "password": "10/h",  # reset and change
        "mail": "5/h",  # mails that a stranger can cause, to one address
        "generations": "60/m",
        "uploads": "120/m",
        "dot_password": "10/m",  # wrong attempts on the password of a dot
        "share_password": "10/m",  # wrong attempts on the password of a shared file
        "play": "300/m",  # the public play data
        "events": "6000/m",  # what players tell, of one address: a hall full of people may have one
        "visit_events": "60/m",  # what one page view tells
    }.items()
}

# Which other sites' pages may call the API, besides `voices` and `play/{code}`, which any may.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "idempotency-key", "x-dot-password", "x-request-id",
]  # fmt: skip
CORS_EXPOSE_HEADERS = [
    "idempotent-replayed", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id",
]  # fmt: skip

# --- Logs -----------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "micdots.lib.request_id.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Our access line says it already, and Django's would repeat addresses that hold signatures. Mails to admins,
        # which Django sends by default, could hold texts.
        "django": {"handlers": [], "propagate": True},
        # One line a task received and one a task done: our own lines say what matters.
        "celery.app.trace": {"level": "WARNING"},
        # One line a client, to say where it found its credentials.
        "botocore.credentials": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.security.csrf": {"level": "ERROR"},
    },
}
