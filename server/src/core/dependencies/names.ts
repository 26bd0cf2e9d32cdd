/**
 * Names under which people ask for something that is published under another. Each was taken from the distribution's
 * own documentation, or is the import name of a distribution that is called otherwise.
 */
export const MEANT_NAMES: Readonly<Record<string, string>> = {
  sklearn: 'scikit-learn',
  pytorch: 'torch',
  pil: 'pillow',
  cv2: 'opencv-python',
  opencv: 'opencv-python',
  skimage: 'scikit-image',
  bs4: 'beautifulsoup4',
  yaml: 'pyyaml',
  dotenv: 'python-dotenv',
  'huggingface-cli': 'huggingface-hub',
  crypto: 'pycryptodome',
  dateutil: 'python-dateutil',
  serial: 'pyserial',
  usb: 'pyusb',
  psycopg2binary: 'psycopg2-binary',
  'tensorflow-gpu': 'tensorflow',
  mpl: 'matplotlib',
  nltk_data: 'nltk',
  jwt: 'pyjwt',
  fitz: 'pymupdf',
  docx: 'python-docx',
  pptx: 'python-pptx',
  magic: 'python-magic',
  attr: 'attrs',
};
