import './manifest.test';
import './diagnostics.test';
import './notebooks.test';
import './views.test';
