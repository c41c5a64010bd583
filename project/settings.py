"""Settings of Passgenau; everything a deployment changes comes from the environment."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from project import checks
from project.env import database_from_url, env_bool, env_int, env_list, env_str

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Running -----------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG")
# Shows the demo sign-in page and the demo people. Never in real use.
DEMO_MODE = env_bool("DEMO_MODE")
# Folder for the SQLite file, uploads and collected static files. The demo has one of its own, whatever the
# surroundings say, so that it never opens or removes what real people entered.
DEMO_DIR = Path(env_str("DEMO_DIR", str(BASE_DIR / "var" / "demo"))).absolute()
VAR_DIR = DEMO_DIR if DEMO_MODE else Path(env_str("VAR_DIR", str(BASE_DIR / "var"))).absolute()

SECRET_KEY = env_str("SECRET_KEY", checks.DEFAULT_KEY)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

# --- Applications --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "project.apps.ProjectConfig",
    "stakeholders",
    "monitoring",
    "measures",
    "workflows",
    "viewflow",
    "viewflow.workflow",
    "guardian",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
]
MIDDLEWARE = [
    "project.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "project.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "project.middleware.SignInMiddleware",
    "project.sessions.SlidingSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "project.middleware.TaskOfProcessMiddleware",
]
# viewflow would otherwise append middlewares of its own Material shell.
VIEWFLOW = {"AUTOREGISTER": False}
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the apps': our templates replace viewflow's pages of the same name.
        "DIRS": [BASE_DIR / "project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "project.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "project.forms.KernFormRenderer"

# --- Database ------------------------------------------------------------------------------------
DATABASES = {
    "default": database_from_url(env_str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'passgenau.sqlite3'}"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People and rights ---------------------------------------------------------------------------
AUTH_USER_MODEL = "stakeholders.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian: nobody has rights without signing in
GUARDIAN_RAISE_403 = True
# The demo begins where its people are chosen; passwords are for real use.
LOGIN_URL = "stakeholders:demo-sign-in" if DEMO_MODE else "stakeholders:login"
LOGIN_REDIRECT_URL = "workflows:inbox"
LOGOUT_REDIRECT_URL = "stakeholders:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# A sign-in ends after so many hours without a click: office machines are shared.
SESSION_HOURS = env_int("SESSION_HOURS", 8)
SESSION_COOKIE_AGE = SESSION_HOURS * 60 * 60

# --- Language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "project" / "locale"]
FORMAT_MODULE_PATH = ["project.formats"]
TIME_ZONE = "Europe/Berlin"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# --- Files ---------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "project" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "project.staticfiles.UsedAppsFinder",
]
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Uploads of delivered data: refused above this size before they are opened (bytes).
IMPORT_MAX_BYTES = env_int("IMPORT_MAX_BYTES", 20 * 1000 * 1000)
# Files that a command imports are read as streams: 15 million values take some 500 MB (bytes).
IMPORT_FILE_MAX_BYTES = env_int("IMPORT_FILE_MAX_BYTES", 4 * 1024**3)
# A file that backs a statement of an expert: refused above this size before it is opened (bytes).
STATEMENT_FILE_MAX_BYTES = env_int("STATEMENT_FILE_MAX_BYTES", 10 * 1000 * 1000)
FILE_UPLOAD_HANDLERS = [
    "project.uploads.LimitUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Security ------------------------------------------------------------------------------------
HTTPS = env_bool("HTTPS", default=not (DEBUG or DEMO_MODE))
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = env_int("SECURE_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
# Believe what the proxy in front says: the scheme, and the last address it adds to X-Forwarded-For.
BEHIND_PROXY = env_bool("BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # KERN's icons are data: masks in its own stylesheet
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Mail and deadlines --------------------------------------------------------------------------
EMAIL_BACKEND = env_str("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = env_str("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS")
# A mail server may take this many seconds to answer; a mail that fails is tried again.
EMAIL_TIMEOUT = env_int("EMAIL_TIMEOUT", 10)
EMAIL_FILE_PATH = VAR_DIR / "mails"
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "passgenau@localhost")
# Absolute links in mails begin with this.
SITE_URL = env_str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
# Reminder this many days before a task is due or a meeting one has not answered for; escalation this many
# days after the task.
REMIND_DAYS_BEFORE = env_int("REMIND_DAYS_BEFORE", 3)
ESCALATE_DAYS_AFTER = env_int("ESCALATE_DAYS_AFTER", 1)
# /healthz reports the timers as late after this many seconds without a run.
TIMER_LATE_SECONDS = env_int("TIMER_LATE_SECONDS", 300)

# --- Statistical secrecy -------------------------------------------------------------------------
# Counts from 1 up to, not including, this number are never shown.
SECRECY_THRESHOLD = env_int("SECRECY_THRESHOLD", 3)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
}
